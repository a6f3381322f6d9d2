#include "tamper/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "log/checkpoints.h"
#include "log/frame.h"
#include "log/segment.h"

namespace stele::testing {
namespace {

constexpr std::size_t kRecord = log::kCheckpointRecordBytes;

std::string parent(const std::string& path) { return io::parent_of(path); }

bool within(const Span& span, const Spans& spans) {
  // Neighbours count as one: a span may reach over several that touch.
  std::uint64_t at = span.first;
  for (bool moved = true; moved && at < span.second;) {
    moved = false;
    for (const Span& one : spans) {
      if (one.first <= at && at < one.second) {
        at = one.second;
        moved = true;
      }
    }
  }
  return at >= span.second;
}

bool all_within(const Spans& inner, const Spans& outer) {
  return std::all_of(inner.begin(), inner.end(), [&](const Span& span) { return within(span, outer); });
}

bool meet(const Span& a, const Span& b) { return a.first < b.second && b.first < a.second; }

// The runs of bytes in which two contents of one size differ.
Spans differences(std::string_view a, std::string_view b) {
  Spans out;
  for (std::uint64_t at = 0; at < a.size();) {
    if (a[at] == b[at]) {
      ++at;
      continue;
    }
    const std::uint64_t from = at;
    while (at < a.size() && a[at] != b[at]) ++at;
    out.emplace_back(from, at);
  }
  return out;
}

// Where the changed bytes stand before and after.
std::pair<Spans, Spans> changed_spans(std::string_view before, std::string_view after) {
  if (before.size() == after.size()) {
    const Spans both = differences(before, after);
    return {both, both};
  }
  const auto differ = std::mismatch(
      before.begin(), before.begin() + static_cast<std::ptrdiff_t>(std::min(before.size(), after.size())), after.begin());
  const auto from = static_cast<std::uint64_t>(differ.first - before.begin());
  return {{{from, before.size()}}, {{from, after.size()}}};
}

Spans named_spans(const verify::Report& report, const std::string& path) {
  Spans out;
  for (const verify::Uncovered& what : report.uncovered) {
    if (what.where == path && what.from < what.to) out.emplace_back(what.from, what.to);
  }
  return out;
}

bool names_whole(const verify::Report& report, const std::string& path) {
  return std::any_of(report.uncovered.begin(), report.uncovered.end(),
                     [&](const verify::Uncovered& what) { return what.where == path && what.from == what.to; });
}

constexpr std::array<std::string_view, 2> kFreeMembers{"\"created\":\"", "\"fingerprint_seed\":\""};

std::string without_free_members(std::string text) {
  for (const std::string_view member : kFreeMembers) {
    const std::size_t from = text.find(member);
    if (from == std::string::npos) continue;
    text.erase(from + member.size(), text.find('"', from + member.size()) - from - member.size());
  }
  return text;
}

log::SegmentName segment_at(const std::string& path) { return log::parse_segment_name(path.substr(path.rfind('/') + 1)).value(); }

// What stands in the blocks' part of a segment: the entries of each byte; nothing for the parts around it.
std::optional<Span> block_entries(std::string_view segment, std::uint64_t at) {
  if (!segment.starts_with("STELESEG")) return std::nullopt;  // it is encrypted
  const auto first = load_le<std::uint64_t>(segment.data() + 32);
  const auto count = load_le<std::uint32_t>(segment.data() + 40);
  std::uint64_t end = 64 + load_le<std::uint32_t>(segment.data() + 48);
  const auto footer = load_le<std::uint64_t>(segment.data() + segment.size() - 128);
  if (at < end || at >= footer) return std::nullopt;
  for (std::uint64_t block = 0; block < count / log::kBlockEntries; ++block) {
    end += load_le<std::uint32_t>(segment.data() + footer + count / 256 * 32 + block * 4);
    if (at < end) return Span{first + block * log::kBlockEntries, first + (block + 1) * log::kBlockEntries};
  }
  return std::nullopt;
}

}  // namespace

Oracle::Oracle(const SampleLog& log) : log_(log), pristine_(verify_image(log.image, log.dir, log.options)) {
  find_frames();
  find_free();
  EXPECT_TRUE(pristine_.intact()) << findings_text(pristine_);
  EXPECT_EQ(pristine_.entries, log.entries.size());
  // It names exactly what it does not look at.
  std::map<std::string, Spans> named;
  for (const verify::Uncovered& what : pristine_.uncovered) {
    if (what.from < what.to) named[what.where].emplace_back(what.from, what.to);
  }
  EXPECT_EQ(named, free_);
}

template <typename F>
void Oracle::for_each_frame(const Image& image, F&& f) const {
  for (const std::string& path : image.paths(log_.dir + "/journal/")) {
    if (!path.ends_with(".journal")) continue;
    const ByteSpan bytes = as_byte_span(image.at(path));
    for (std::uint64_t at = 0; at + log::kFrameHeaderBytes <= bytes.size(); at += log::kFrameAlignment) {
      const auto header = log::decode_frame_header(bytes.subspan(at).first<log::kFrameHeaderBytes>(), log_.identity.id);
      if (!header || header->payload_bytes > bytes.size() - at - log::kFrameHeaderBytes) continue;
      const std::array<ByteSpan, 1> payload{bytes.subspan(at + log::kFrameHeaderBytes, header->payload_bytes)};
      if (log::payload_checksum(payload) != header->payload_checksum) continue;
      f(path, Span{at, at + log::frame_extent(header->payload_bytes)}, *header);
    }
  }
}

// The frames with entries that are not sealed; of several of one commit the one of the latest epoch.
void Oracle::find_frames() {
  std::map<std::uint64_t, std::pair<std::uint64_t, Frame>> by_commit;
  for_each_frame(log_.image, [&](const std::string& path, Span place, const log::FrameHeader& header) {
    auto& best = by_commit[header.commit];
    if (header.end_index() <= log_.sealed || best.first >= header.epoch) return;
    best = {header.epoch,
            {path, place, {header.first_index, header.end_index()}, header.root, header.end_index() <= log_.published}};
  });
  std::erase_if(by_commit, [](const auto& one) { return one.second.first == 0; });
  for (const auto& [commit, frame] : by_commit) frames_.push_back(frame.second);
}

void Oracle::find_free() {
  for (const std::string& path : log_.image.paths(log_.dir + "/journal/")) {
    std::uint64_t at = 0;
    std::set<Span> used;
    for (const Frame& frame : frames_) {
      if (frame.file == path) used.insert(frame.bytes);
    }
    for (const Span& span : used) {
      if (span.first > at) free_[path].emplace_back(at, span.first);
      at = span.second;
    }
    if (at < log_.image.at(path).size()) free_[path].emplace_back(at, log_.image.at(path).size());
  }
  const std::string identity = log_.dir + "/log.json";
  for (const std::string_view member : kFreeMembers) {
    const std::string& text = log_.image.at(identity);
    const std::uint64_t from = text.find(member) + member.size();
    free_[identity].emplace_back(from, text.find('"', from));
  }
}

std::set<std::string> Oracle::changed_files(const Image& image) const {
  std::set<std::string> changed;
  for (const auto& [path, content] : log_.image.files()) {
    if (!image.has(path) || image.at(path) != *content) changed.insert(path);
  }
  for (const auto& [path, content] : image.files()) {
    if (!log_.image.has(path)) changed.insert(path);
  }
  return changed;
}

std::optional<std::string> Oracle::judge_several(const Image& image, const verify::Report& report) const {
  ++found_;
  if (!report.intact() || only_moved(image)) return std::nullopt;
  const auto changed = changed_files(image);
  const bool journal =
      std::any_of(changed.begin(), changed.end(), [](const std::string& path) { return path.ends_with(".journal"); });
  for (const std::string& path : changed) {
    const bool rolled_back = journal && (path.ends_with(".journal") || path.ends_with("/checkpoints"));
    if (!rolled_back && !outside(path, image, report)) return path + " was changed among others, and nothing was found";
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::judge(const Image& image, const verify::Report& report) const {
  const auto changed = changed_files(image);
  // Without its checkpoints nothing else in the log is signed.
  if (changed.size() > 1 && changed.contains(log_.dir + "/checkpoints")) return judge_several(image, report);
  const bool same = report.intact() && report.entries == pristine_.entries && report.root == pristine_.root;
  if (changed.empty() || (only_moved(image) && same)) {
    if (!same) return "nothing was changed, but it was found fault with";
    return std::nullopt;
  }
  bool all_outside = true;
  bool all_free = true;
  const std::string identity = log_.dir + "/log.json";
  const bool stopped = changed.contains(identity) && names_whole(report, log_.dir);
  for (const std::string& path : changed) {
    if (stopped && path != identity) continue;
    if (outside(path, image, report)) {
      const auto free = free_.find(path);
      all_free &= path.starts_with(log_.dir + "/window/") ||
                  (free != free_.end() && all_within(changed_spans(log_.image.at(path), image.at(path)).first, free->second));
      continue;
    }
    all_outside = false;
    if (auto complaint = judge_file(path, image, report)) return complaint;
  }
  ++(all_outside ? outside_ : found_);
  // The members of log.json that nothing rests on can still spoil its form.
  if (all_outside && all_free && !same && !changed.contains(identity))
    return "what was changed is not covered, yet it was found fault with";
  if (changed.contains(identity)) return std::nullopt;  // everything hangs on its id and key
  for (const verify::Finding& finding : report.findings) {
    const bool is_changed = std::any_of(changed.begin(), changed.end(), [&](const std::string& path) {
      return finding.where == path || finding.where == parent(path) || finding.message.find(path) != std::string::npos;
    });
    if (finding.kind == "changed" && !is_changed) return finding.where + " is accused, which nobody changed";
  }
  return std::nullopt;
}

// Every needed frame is whole in some journal file: where it stands means nothing.
bool Oracle::only_moved(const Image& image) const {
  for (const auto& [path, content] : log_.image.files()) {
    if (path.starts_with(log_.dir + "/journal/") || path.starts_with(log_.dir + "/window/")) continue;
    if (!image.has(path) || image.at(path) != *content) return false;
  }
  return std::all_of(frames_.begin(), frames_.end(), [&](const Frame& frame) { return is_there(frame, image); });
}

// Byte for byte somewhere, or a whole frame of the same commit elsewhere: the last is written twice when a log is opened.
bool Oracle::is_there(const Frame& frame, const Image& image) const {
  const std::string_view bytes =
      std::string_view(log_.image.at(frame.file)).substr(frame.bytes.first, frame.bytes.second - frame.bytes.first);
  bool there = false;
  for_each_frame(image, [&](const std::string& path, Span place, const log::FrameHeader& header) {
    const std::string_view content = image.at(path);
    const bool elsewhere = path != frame.file || place.first != frame.bytes.first;
    there |= content.substr(place.first, bytes.size()) == bytes ||
             (elsewhere && header.root == frame.root && Span{header.first_index, header.end_index()} == frame.entries);
  });
  return there;
}

std::uint64_t Oracle::last_segment_first() const {
  const auto segments = log_.image.paths(log_.dir + "/segments/");
  return segments.empty() ? 0 : segment_at(segments.back()).first_index;
}

bool Oracle::outside(const std::string& path, const Image& image, const verify::Report& report) const {
  if (path.starts_with(log_.dir + "/window/")) return names_whole(report, log_.dir + "/window") || !image.has(path);
  const std::string& before = log_.image.at(path);
  const std::string& after = image.at(path);
  const auto [old_spans, new_spans] = changed_spans(before, after);
  if (!log_.image.has(path)) return names_whole(report, path) || all_within(new_spans, named_spans(report, path));
  if (path == log_.dir + "/log.json" && image.has(path) && without_free_members(before) == without_free_members(after))
    return true;
  Spans may_go;
  if (const auto it = free_.find(path); it != free_.end()) may_go = it->second;
  // What no checkpoint covers may look as if it had never been finished.
  for (const Frame& frame : frames_) {
    if (frame.file == path && !frame.is_signed) may_go.push_back(frame.bytes);
  }
  // Hashes of the last segment may be on their way.
  if (path.starts_with(log_.dir + "/tree/")) {
    const std::uint64_t last = last_segment_first() / 256 * 32;
    may_go.emplace_back(last, before.size());
    if (after.size() < before.size() && before.starts_with(after) && after.size() >= last && names_whole(report, path))
      return true;
  }
  if (path == log_.dir + "/checkpoints") {
    std::uint64_t kept = after.size();
    for (const Span& torn : named_spans(report, path)) kept = std::min(kept, torn.first);
    if (kept % kRecord != 0 || kept < kRecord || after.substr(0, kRecord) != before.substr(0, kRecord)) return false;
    std::uint64_t from = 0;
    for (std::uint64_t at = 0; at < kept; at += kRecord, from += kRecord) {
      while (from < before.size() && before.compare(from, kRecord, after, at, kRecord) != 0) from += kRecord;
      if (from >= before.size()) return false;
    }
    const auto last = load_le<std::uint64_t>(after.data() + kept - kRecord + 8);
    return last == log_.entries.size() || names_whole(report, verify::entries_text(last, log_.entries.size()));
  }
  if (path.starts_with(log_.dir + "/journal/")) {
    for (const Frame& frame : frames_) {
      if (frame.file == path && is_there(frame, image)) may_go.push_back(frame.bytes);
    }
  }
  if (!all_within(old_spans, may_go)) return false;
  return !image.has(path) || all_within(new_spans, named_spans(report, path));
}

// The journal is its frames, wherever they stand: one that is lost must be missed, one changed in place be named there.
std::optional<std::string> Oracle::judge_frames(const std::string& path, const Image& image, const verify::Report& report) const {
  for (const Frame& frame : frames_) {
    if (frame.file != path || !frame.is_signed || is_there(frame, image)) continue;
    const std::string& before = log_.image.at(path);
    const std::string& after = image.at(path);
    bool in_place = before.size() == after.size();
    if (in_place) {
      std::uint64_t bytes = 0;
      for (const Span& span : differences(before, after)) bytes += span.second - span.first;
      in_place = bytes <= 8;
    }
    const bool right = std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
      const bool here = in_place ? finding.where == path : finding.where.starts_with(log_.dir + "/journal");
      return here && meet({finding.first, finding.end}, frame.entries);
    });
    if (!right) {
      return "no finding on " + (in_place ? path : "the journal") + " names " +
             verify::entries_text(frame.entries.first, frame.entries.second);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::judge_file(const std::string& path, const Image& image, const verify::Report& report) const {
  if (path.starts_with(log_.dir + "/journal/")) return judge_frames(path, image, report);
  if (!named(path, image, report)) return path + " was changed, and no finding names it";
  const std::string& before = log_.image.at(path);
  const std::string& after = image.at(path);
  if (!log_.image.has(path) || !image.has(path) || before.size() != after.size()) return std::nullopt;
  Spans places;
  for (const Span& span : differences(before, after)) {
    places.emplace_back(span.first, span.first + 1);
    places.emplace_back(span.second - 1, span.second);
  }
  for (const Span& place : places) {
    const auto entries = entries_at(path, place);
    if (!entries) continue;
    const bool in_block = path.ends_with(".segment") && block_entries(before, place.first) &&
                          after.starts_with(before.substr(0, 64)) && after.ends_with(before.substr(before.size() - 128));
    const bool right = std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
      const bool here = finding.where.find(path) != std::string::npos || finding.where == parent(path);
      return here && meet({finding.first, finding.end}, *entries) && (!in_block || finding.end - finding.first <= before.size());
    });
    if (!right) return "no finding on " + path + " names " + verify::entries_text(entries->first, entries->second);
  }
  return std::nullopt;
}

bool Oracle::named(const std::string& path, const Image& image, const verify::Report& report) const {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const verify::Finding& finding) {
    if (finding.where.find(path) != std::string::npos || finding.message.find(path) != std::string::npos) return true;
    return finding.kind == "missing" && finding.where == parent(path) && !image.has(path);
  });
}

// The entries that these bytes of the untouched file belong to.
std::optional<Span> Oracle::entries_at(const std::string& path, Span bytes) const {
  const std::string& content = log_.image.at(path);
  if (path.ends_with(".segment")) {
    if (const auto block = block_entries(content, bytes.first)) return block;
    const log::SegmentName name = segment_at(path);
    return Span{name.first_index, name.first_index + name.count};
  }
  return std::nullopt;
}

}  // namespace stele::testing
