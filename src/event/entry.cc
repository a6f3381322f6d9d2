#include "event/entry.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/json_text.h"
#include "event/json_tape.h"

namespace stele::event {
namespace {

constexpr std::string_view kBeforeId = R"({"stele":1,"id":")";
constexpr std::string_view kBlankId = "00000000-0000-7000-8000-000000000000";
constexpr std::string_view kBeforeReceived = R"(","received":")";
constexpr std::string_view kBlankTime = "1970-01-01T00:00:00.000000000Z";
constexpr std::string_view kBeforeSource = R"(","source":)";
constexpr std::string_view kBeforeEvent = R"(,"event":)";
constexpr std::string_view kBeforeDerived = R"(,"derived":)";
constexpr std::string_view kBeforeOriginal = R"(,"original":)";

static_assert(kBeforeId.size() == kIdAt);
static_assert(kBlankId.size() == kIdWidth);
static_assert(kIdAt + kIdWidth + kBeforeReceived.size() == kReceivedAt);
static_assert(kBlankTime.size() == kTimeWidth);
static_assert(kReceivedAt + kTimeWidth + 2 == kHeadBytes);

constexpr std::string_view kHex = "0123456789abcdef";
// Whatever was once stored is read: the deepest event that can be configured (64), each object of it wrapped as $literal,
// in its envelope.
constexpr JsonLimits kEntryLimits{kEntryBytesMax, 160, 65'535};

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

void put_hex(char* out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = kHex[value & 15];
    value >>= 4;
  }
}

}  // namespace

std::string source_json(const Source& source) {
  std::string out = "{";
  append_member(out, "id", source.id);
  append_member(out, "kind", source.kind);
  append_member(out, "peer", source.peer);
  append_member(out, "identity", source.identity);
  out += '}';
  return out;
}

void EntryBatch::reserve(std::size_t count, std::size_t event_bytes) {
  constexpr std::size_t kAround = kHeadBytes + kBeforeSource.size() + kBeforeEvent.size() + kBeforeDerived.size() + 64;
  bytes_.reserve(event_bytes + count * (kAround + source_json_.size()));
  ends_.reserve(count);
}

Status EntryBatch::add(std::string_view event, std::string_view derived, std::string_view original, std::string_view event_id) {
  std::size_t size = kHeadBytes - 2 + kBeforeSource.size() + source_json_.size() + kBeforeEvent.size() + event.size() + 1;
  if (!derived.empty()) size += kBeforeDerived.size() + derived.size();
  if (!original.empty()) size += kBeforeOriginal.size() + original.size();
  if (size > kEntryBytesMax) {
    return Error{Code::kTooLarge, "the entry would have " + std::to_string(size) + " bytes; at most 65535 are stored"};
  }
  bytes_.push_back(static_cast<char>(size >> 8));
  bytes_.push_back(static_cast<char>(size & 0xff));
  bytes_ += kBeforeId;
  bytes_ += kBlankId;
  bytes_ += kBeforeReceived;
  bytes_ += kBlankTime;
  bytes_ += kBeforeSource;
  bytes_ += source_json_;
  bytes_ += kBeforeEvent;
  bytes_ += event;
  if (!derived.empty()) {
    bytes_ += kBeforeDerived;
    bytes_ += derived;
  }
  if (!original.empty()) {
    bytes_ += kBeforeOriginal;
    bytes_ += original;
  }
  bytes_ += '}';
  if (!event_id.empty() && id_ends_.empty()) id_ends_.assign(ends_.size(), 0);
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  if (!event_id.empty() || !id_ends_.empty()) {
    ids_ += event_id;
    id_ends_.push_back(static_cast<std::uint32_t>(ids_.size()));
  }
  return {};
}

std::string_view EntryBatch::entry(std::size_t i) const {
  const std::size_t start = (i == 0 ? 0 : ends_[i - 1]) + 2;
  return std::string_view(bytes_).substr(start, ends_[i] - start);
}

std::string_view EntryBatch::event_id(std::size_t i) const {
  if (id_ends_.empty()) return {};
  const std::size_t start = i == 0 ? 0 : id_ends_[i - 1];
  return std::string_view(ids_).substr(start, id_ends_[i] - start);
}

void EntryBatch::stamp(UnixNanos received, Random& random) {
  char time[kTimeWidth];
  format_time(received, time);
  char millis[12];
  put_hex(millis, static_cast<std::uint64_t>(received / 1'000'000), 12);
  std::vector<std::uint8_t> noise(ends_.size() * 10);
  random.fill(noise);
  std::size_t start = 2;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    char* entry = bytes_.data() + start;
    std::memcpy(entry + kReceivedAt, time, kTimeWidth);
    // RFC 9562 section 5.7: 48 bits of milliseconds, version 7, 12 random bits, variant 10, 62 random bits.
    const std::uint8_t* r = &noise[i * 10];
    char* id = entry + kIdAt;
    std::memcpy(id, millis, 8);
    std::memcpy(id + 9, millis + 8, 4);
    std::uint64_t low = 0;
    std::memcpy(&low, r + 2, 8);
    put_hex(id + 15, static_cast<std::uint64_t>(r[0]) << 4 | r[1] >> 4, 3);
    put_hex(id + 19, 0x8000 | (low >> 48 & 0x3fff), 4);
    put_hex(id + 24, low & 0xffff'ffff'ffffULL, 12);
    start = ends_[i] + 2;
  }
}

void EntryBatch::retain(const std::vector<bool>& keep) {
  std::string bytes;
  bytes.reserve(bytes_.size());
  std::vector<std::uint32_t> ends;
  std::string ids;
  std::vector<std::uint32_t> id_ends;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    if (!keep[i]) continue;
    const std::size_t start = i == 0 ? 0 : ends_[i - 1];
    bytes.append(bytes_, start, ends_[i] - start);
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
    if (id_ends_.empty()) continue;
    ids += event_id(i);
    id_ends.push_back(static_cast<std::uint32_t>(ids.size()));
  }
  bytes_ = std::move(bytes);
  ends_ = std::move(ends);
  ids_ = std::move(ids);
  id_ends_ = std::move(id_ends);
}

void EntryBatch::keep_apart(std::vector<ApartValue> values) {
  for (ApartValue& value : values) apart_.emplace_back(ends_.size() - 1, std::move(value));
}

std::uint64_t EntryBatch::apart_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [entry, value] : apart_) sum += value.bytes.size();
  return sum;
}

std::vector<std::pair<std::size_t, ApartValue>> EntryBatch::take_apart_but(const std::vector<bool>& keep) {
  const auto gone = std::stable_partition(apart_.begin(), apart_.end(), [&](const auto& one) { return keep[one.first]; });
  std::vector<std::pair<std::size_t, ApartValue>> out(std::make_move_iterator(gone), std::make_move_iterator(apart_.end()));
  apart_.erase(gone, apart_.end());
  return out;
}

std::vector<ApartValue> EntryBatch::take_apart() {
  std::vector<ApartValue> out;
  for (auto& [entry, value] : apart_) out.push_back(std::move(value));
  apart_.clear();
  return out;
}

std::string EntryBatch::take_bytes() && {
  ends_.clear();
  ids_.clear();
  id_ends_.clear();
  return std::move(bytes_);
}

Result<EntryView> read_entry(std::string_view entry) {
  const auto received = read_received(entry);
  if (!received) return corrupt("the entry does not start with its fixed head");
  JsonTape tape;
  JsonError error;
  if (!tape.parse(entry, kEntryLimits, error)) return corrupt("the entry is not I-JSON: " + error.message);
  if (tape.text() != entry) return corrupt("the entry has white space between its members");
  EntryView view{entry.substr(kIdAt, kIdWidth), *received, {}, {}, {}, {}};
  tape.for_each_child(0, [&](std::uint32_t child) {
    const JsonNode& node = tape.nodes()[child];
    const std::string_view value = entry.substr(node.at, node.size);
    if (tape.key(node) == "source") view.source = value;
    if (tape.key(node) == "event") view.event = value;
    if (tape.key(node) == "derived") view.derived = value;
    if (tape.key(node) == "original") view.original = value;
  });
  if (view.source.empty() || view.event.empty()) return corrupt("the entry has no source or no event");
  return view;
}

std::optional<UnixNanos> read_received(std::string_view entry) {
  if (entry.size() < kHeadBytes || !entry.starts_with(kBeforeId)) return std::nullopt;
  if (entry.substr(kIdAt + kIdWidth, kBeforeReceived.size()) != kBeforeReceived) return std::nullopt;
  if (entry.substr(kReceivedAt + kTimeWidth, 2) != "\",") return std::nullopt;
  return parse_time(entry.substr(kReceivedAt, kTimeWidth));
}

}  // namespace stele::event
