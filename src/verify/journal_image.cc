#include "verify/journal_image.h"

#include <algorithm>
#include <array>

#include "log/frame_cipher.h"

namespace stele::verify {
namespace {

using log::FrameHeader;
using log::kFrameAlignment;
using log::kFrameHeaderBytes;
using HeaderSpan = std::span<const std::byte, kFrameHeaderBytes>;

constexpr std::string_view kSuffix = ".journal";
constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 30;
// Payloads that do not fit their checksum are hashed up to this many times the file; a journal never comes near.
constexpr std::uint64_t kRehashMax = 32;

// Magic, version with header size, log id: where they stand.
constexpr std::string_view kMagic = "STELEFRM";
constexpr std::array<char, 4> kPlainVersion{1, 0, 0, 1};
constexpr std::array<char, 4> kEncryptedVersion{2, 0, 0, 1};
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kLogIdAt = 16;
constexpr std::size_t kChecksumAt = 248;

bool equal_at(HeaderSpan bytes, std::size_t at, const void* expected, std::size_t size) {
  return std::memcmp(bytes.data() + at, expected, size) == 0;
}

// The header, if nothing but its magic was changed.
std::optional<FrameHeader> with_magic(HeaderSpan bytes, const log::LogId& id) {
  log::FrameHeaderBytes repaired{};
  std::copy(bytes.begin(), bytes.end(), repaired.begin());
  std::memcpy(repaired.data(), kMagic.data(), kMagic.size());
  const auto header = log::decode_frame_header(repaired, id);
  return header ? std::optional(*header) : std::nullopt;
}

bool of_another_log(HeaderSpan bytes) {
  log::LogId other{};
  std::memcpy(other.data(), bytes.data() + kLogIdAt, other.size());
  return log::decode_frame_header(bytes, other).ok();
}

// Whether these bytes were once this log's header and no longer are. A write that stopped short leaves zeros where the
// checksum stands; entries are text, and have no zeros in them.
bool was_header(HeaderSpan bytes, const log::LogId& id) {
  const int marks = (equal_at(bytes, 0, kMagic.data(), kMagic.size()) ? 1 : 0) +
                    (equal_at(bytes, kVersionAt, kPlainVersion.data(), kPlainVersion.size()) ||
                             equal_at(bytes, kVersionAt, kEncryptedVersion.data(), kEncryptedVersion.size())
                         ? 1
                         : 0) +
                    (equal_at(bytes, kLogIdAt, id.data(), id.size()) ? 1 : 0);
  return marks >= 2 && load_le<std::uint64_t>(bytes.data() + kChecksumAt) != 0;
}

class FileReader {
 public:
  FileReader(const std::string& name, ByteSpan bytes, const LogPlace& place, std::uint64_t sealed, JournalImage& image)
      : name_(name),
        bytes_(bytes),
        id_(place.id),
        ring_(place.ring),
        sealed_(sealed),
        image_(image),
        rehash_(kRehashMax * bytes.size()) {}

  Status run() {
    for (std::uint64_t at = 0; at + kFrameHeaderBytes <= bytes_.size();) {
      STELE_ASSIGN(const std::uint64_t taken, read_at(at));
      at += taken;
    }
    return {};
  }

 private:
  // How far to go on.
  Result<std::uint64_t> read_at(std::uint64_t at) {
    const auto head = bytes_.subspan(at).first<kFrameHeaderBytes>();
    auto header = log::decode_frame_header(head, id_);
    if (!header) {
      if (header.error().code == Code::kInvalid) return header.error().in(name_);
      if (const auto repaired = with_magic(head, id_))
        bad(at, *repaired, true);
      else if (of_another_log(head))
        ++image_.foreign;
      else if (was_header(head, id_))
        image_.bad.push_back({name_, at, at + kFrameAlignment, std::nullopt, true});
      return kFrameAlignment;
    }
    const std::uint64_t payload_at = at + kFrameHeaderBytes;
    if (header->payload_bytes > bytes_.size() - payload_at || header->payload_bytes > rehash_) {
      bad(at, *header, false);
      return kFrameAlignment;
    }
    const std::array<ByteSpan, 1> payload{bytes_.subspan(payload_at, header->payload_bytes)};
    if (log::payload_checksum(payload) != header->payload_checksum) {
      rehash_ -= header->payload_bytes;
      bad(at, *header, false);
      return kFrameAlignment;
    }
    SeenFrame frame;
    log::FrameHeaderBytes raw{};
    std::copy(head.begin(), head.end(), raw.begin());
    frame.header = *header;
    frame.digest = log::frame_digest(raw);
    if (header->end_index() >= sealed_) {
      const auto plain = header->encryption ? log::open_payload(*header, payload[0], ring_) : std::string(as_text(payload[0]));
      if (!plain && plain.error().code == Code::kDenied) return plain.error().in(name_);
      if (!plain) {
        bad(at, *header, true);
        return kFrameAlignment;
      }
      frame.payload = *plain;
    }
    frame.file = name_;
    frame.offset = at;
    const ByteSpan rest = bytes_.subspan(payload_at + header->payload_bytes);
    const std::uint64_t padding = frame.end() - payload_at - header->payload_bytes;
    frame.padded = padding <= rest.size() && std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(padding),
                                                         [](std::byte b) { return b == std::byte{0}; });
    image_.frames.push_back(std::move(frame));
    return log::frame_extent(header->payload_bytes);
  }

  void bad(std::uint64_t at, const FrameHeader& header, bool changed) {
    const std::uint64_t end = std::min<std::uint64_t>(at + log::frame_extent(header.payload_bytes), bytes_.size());
    image_.bad.push_back({name_, at, end, header, changed});
  }

  const std::string& name_;
  ByteSpan bytes_;
  const log::LogId& id_;
  const keyring::Keyring* ring_;
  std::uint64_t sealed_;
  JournalImage& image_;
  std::uint64_t rehash_;
};

// Among the frames that may follow `previous` the one of the highest epoch.
const SeenFrame* next_frame(const std::vector<SeenFrame>& frames, std::uint64_t commit, const SeenFrame* previous) {
  const SeenFrame* best = nullptr;
  const auto begin = std::lower_bound(frames.begin(), frames.end(), commit,
                                      [](const SeenFrame& frame, std::uint64_t c) { return frame.header.commit < c; });
  for (auto it = begin; it != frames.end() && it->header.commit == commit; ++it) {
    if (previous != nullptr && it->header.previous != previous->digest) continue;
    if (best == nullptr || it->header.epoch > best->header.epoch) best = &*it;
  }
  return best;
}

bool same_entries(const FrameHeader& a, const FrameHeader& b) {
  // What is encrypted is other bytes each time; the root tells what they say.
  const bool same_bytes = a.encryption || b.encryption || a.payload_checksum == b.payload_checksum;
  return a.first_index == b.first_index && a.count == b.count && a.root == b.root && same_bytes;
}

class Linker {
 public:
  Linker(const LogPlace& place, const JournalImage& image, std::uint64_t sealed)
      : dir_(place.path("journal")), image_(image), sealed_(sealed) {}

  JournalChain run() {
    for (const SeenFrame* next = start(); next != nullptr; next = following()) chain_.frames.push_back(next);
    check_order();
    check_twins();
    if (const BadFrame* bad = where_next()) chain_.cut = *bad;
    return std::move(chain_);
  }

 private:
  void add(std::string kind, const std::string& file, std::string message, std::uint64_t first, std::uint64_t end) {
    chain_.findings.push_back({std::move(kind), file.empty() ? dir_ : dir_ + "/" + file, std::move(message), first, end});
  }

  // The latest frame that starts at or before the first entry that is not sealed.
  const SeenFrame* start() {
    std::uint64_t commit = 0;
    for (const SeenFrame& frame : image_.frames) {
      if (frame.header.first_index <= sealed_) commit = std::max(commit, frame.header.commit);
    }
    if (commit > 0) return next_frame(image_.frames, commit, nullptr);
    if (image_.frames.empty()) {
      if (sealed_ > 0) add("missing", "", "no frame is here, but that of the last commit is always kept", sealed_, sealed_);
      return nullptr;
    }
    const SeenFrame* first = next_frame(image_.frames, image_.frames.front().header.commit, nullptr);
    const std::uint64_t end = first->header.first_index;
    const std::string message = "no segment and no frame holds " + entries_text(sealed_, end);
    const auto bad = std::find_if(image_.bad.begin(), image_.bad.end(), [&](const BadFrame& frame) {
      return !frame.header || (frame.header->end_index() > sealed_ && frame.header->first_index < end);
    });
    if (bad != image_.bad.end())
      add("changed", bad->file, message + changed_text(*bad), sealed_, end);
    else
      add("missing", "", message, sealed_, end);
    return first;
  }

  static std::string changed_text(const BadFrame& bad) {
    return "; bytes " + std::to_string(bad.from) + " to " + std::to_string(bad.to - 1) + " were changed";
  }

  // The frame that follows the last of the chain; behind a gap, when none does but later ones are there.
  const SeenFrame* following() {
    const SeenFrame& last = *chain_.frames.back();
    if (const SeenFrame* next = next_frame(image_.frames, last.header.commit + 1, &last)) return next;
    const auto later = std::upper_bound(image_.frames.begin(), image_.frames.end(), last.header.commit,
                                        [](std::uint64_t c, const SeenFrame& frame) { return c < frame.header.commit; });
    if (later == image_.frames.end()) return nullptr;
    const SeenFrame* next = next_frame(image_.frames, later->header.commit, nullptr);
    if (next->header.commit == last.header.commit + 1 && next->header.first_index == last.header.end_index())
      report_lost_twin(last, *next);
    else
      report_gap(last, *next);
    return next;
  }

  // A frame that was written twice, as the last one is when a log is opened: the one that the next builds on is lost.
  void report_lost_twin(const SeenFrame& last, const SeenFrame& next) {
    const std::string message = next.text() + " does not build on the frame of " + last.text() + " in " + last.file +
                                " but on another of that commit, which cannot be read";
    const auto bad = std::find_if(image_.bad.begin(), image_.bad.end(), [&](const BadFrame& frame) {
      return frame.header && frame.header->commit == last.header.commit && frame.header->first_index == last.header.first_index;
    });
    if (bad == image_.bad.end()) {
      add("missing", "", message, last.header.first_index, last.header.end_index());
      return;
    }
    add("changed", bad->file, message + changed_text(*bad), last.header.first_index, last.header.end_index());
  }

  void report_gap(const SeenFrame& last, const SeenFrame& next) {
    const std::uint64_t first = last.header.end_index();
    const std::uint64_t end = std::max(next.header.first_index, first + 1);
    std::string message = entries_text(first, end) + ", commit " + std::to_string(last.header.commit + 1) +
                          (next.header.commit > last.header.commit + 2 ? " to " + std::to_string(next.header.commit - 1) : "") +
                          ", cannot be read, so that " + next.text() + " cannot be placed in the tree";
    if (const BadFrame* bad = where_next()) {
      add("changed", bad->file, message + changed_text(*bad), first, end);
      return;
    }
    const bool beside = next.file == last.file && next.offset > last.end();
    if (beside) message += "; bytes " + std::to_string(last.end()) + " to " + std::to_string(next.offset - 1) + " were changed";
    add("missing", beside ? last.file : "", message, first, end);
  }

  void check_order() {
    const FrameHeader* before = nullptr;
    for (const SeenFrame* frame : chain_.frames) {
      const FrameHeader& header = frame->header;
      if (before != nullptr && header.commit == before->commit + 1 && header.previous == chain_digest_ &&
          header.first_index != before->end_index()) {
        add("rewritten", frame->file, frame->text() + " does not follow the entry before, " + std::to_string(before->end_index()),
            header.first_index, header.end_index());
      }
      before = &header;
      chain_digest_ = frame->digest;
      if (!frame->padded) {
        add("changed", frame->file, "the payload of " + frame->text() + " is not followed by zeros alone", header.first_index,
            header.end_index());
      }
    }
    if (before != nullptr && before->end_index() < sealed_) {
      add("missing", "",
          "the journal ends at entry " + std::to_string(before->end_index()) +
              ", before the last sealed one: the frame of the last commit is always kept",
          before->end_index(), sealed_);
    }
  }

  // Whether a later opening frame of the chain has the very entries of `frame` that are not sealed: what was plain was gathered
  // in it, and a crash came before the old files were gone.
  [[nodiscard]] bool is_gathered(const SeenFrame& frame) const {
    return std::ranges::any_of(chain_.frames, [&](const SeenFrame* other) {
      const bool is_opening = (other->header.flags & log::kFrameOpening) != 0;
      if (!is_opening || other->header.epoch <= frame.header.epoch || other->header.end_index() < frame.header.end_index())
        return false;
      const std::uint64_t first = std::max({frame.header.first_index, other->header.first_index, sealed_});
      return first < frame.header.end_index() &&
             entries_from(frame, first, frame.header.end_index()) == entries_from(*other, first, frame.header.end_index());
    });
  }

  // The entries [first, end) of a frame in bundle encoding; as far as they go when it has fewer.
  static std::string_view entries_from(const SeenFrame& frame, std::uint64_t first, std::uint64_t end) {
    std::string_view rest = frame.payload;
    std::uint64_t index = frame.header.first_index;
    const auto skip = [&](std::uint64_t to) {
      const std::string_view before = rest;
      for (; index < to && rest.size() >= 2; ++index)
        rest.remove_prefix(std::min<std::size_t>(2U + load_be16(rest.data()), rest.size()));
      return before.substr(0, before.size() - rest.size());
    };
    (void)skip(first);
    return skip(end);
  }

  // Two whole frames of one commit say the same, and every one that reaches past the sealed part is in the chain.
  void check_twins() {
    for (const SeenFrame& frame : image_.frames) {
      const auto linked =
          std::lower_bound(chain_.frames.begin(), chain_.frames.end(), frame.header.commit,
                           [](const SeenFrame* other, std::uint64_t commit) { return other->header.commit < commit; });
      if (linked != chain_.frames.end() && (*linked)->header.commit == frame.header.commit) {
        const SeenFrame& twin = **linked;
        if (!same_entries(twin.header, frame.header) && !is_gathered(frame)) {
          add("rewritten", frame.file,
              frame.text() + ", at byte " + std::to_string(frame.offset) + ", says otherwise than the one in " + twin.file +
                  ", at byte " + std::to_string(twin.offset),
              frame.header.first_index, frame.header.end_index());
        }
      } else if (frame.header.end_index() > sealed_ && !is_gathered(frame)) {
        add("rewritten", frame.file, frame.text() + " holds entries that are not sealed, but no chain of commits leads to it",
            frame.header.first_index, frame.header.end_index());
      }
    }
  }

  // What stands where the next frame was, or was to be.
  [[nodiscard]] const BadFrame* where_next() const {
    const SeenFrame* last = chain_.frames.empty() ? nullptr : chain_.frames.back();
    const BadFrame* likely = nullptr;
    for (const BadFrame& bad : image_.bad) {
      if (bad.header) {
        const std::uint64_t commit = last == nullptr ? 1 : last->header.commit + 1;
        const bool linked = last == nullptr ? bad.header->first_index >= sealed_ : bad.header->previous == last->digest;
        if (linked && bad.header->commit >= commit) return &bad;
      } else if (last == nullptr || (bad.file == last->file ? bad.from == last->end() : bad.from == 0)) {
        likely = &bad;
      }
    }
    return likely;
  }

  std::string dir_;
  const JournalImage& image_;
  std::uint64_t sealed_;
  JournalChain chain_;
  Hash chain_digest_{};
};

}  // namespace

std::string SeenFrame::text() const {
  return "commit " + std::to_string(header.commit) + " (" + entries_text(header.first_index, header.end_index()) + ")";
}

Result<JournalImage> read_journal(const LogPlace& place, std::uint64_t sealed) {
  JournalImage image;
  const std::string dir = place.path("journal");
  const auto names = place.fs.list(dir);
  if (!names) {
    if (names.error().code != Code::kNotFound) image.findings.push_back({"unreadable", dir, names.error().message});
    return image;
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(kSuffix)) continue;
    const auto content = io::read_file(place.fs, dir + "/" + name, kFileBytesMax);
    if (!content) {
      // One that is gone was freed by a live server.
      if (content.error().code != Code::kNotFound)
        image.findings.push_back({"unreadable", dir + "/" + name, content.error().message});
      continue;
    }
    image.files.emplace_back(name, content->size());
    STELE_TRY(FileReader(name, as_byte_span(*content), place, sealed, image).run());
  }
  std::stable_sort(image.frames.begin(), image.frames.end(),
                   [](const SeenFrame& a, const SeenFrame& b) { return a.header.commit < b.header.commit; });
  return image;
}

JournalChain link_frames(const LogPlace& place, const JournalImage& image, std::uint64_t sealed) {
  return Linker(place, image, sealed).run();
}

}  // namespace stele::verify
