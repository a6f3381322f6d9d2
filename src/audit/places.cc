#include "audit/places.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "event/json_value.h"

namespace stele::audit {
namespace {

constexpr std::uint64_t kPlacesBytesMax = 64U << 20;
constexpr std::uint64_t kKeepEvery = 100'000;  // entries
constexpr std::uint64_t kRead = 4096;          // entries at once

std::string log_id(const log::Store& store) { return hex_encode(std::as_bytes(std::span(store.identity().id))); }

// One bit that is another must not hide a revocation.
std::string check_of(std::string_view text) { return hex_encode(as_byte_span(crypto::sha256(as_byte_span(text))).first(8)); }

}  // namespace

std::string places_text(const KnownPlaces& places, std::string_view kind) {
  std::string out = "{\"stele_" + std::string(kind) + "\":1,\"log\":\"" + places.log + "\",\"size\":";
  append_decimal(out, places.size);
  out += ",\"changes\":[";
  for (const std::uint64_t index : places.changes) {
    if (out.back() != '[') out += ',';
    append_decimal(out, index);
  }
  return out + "],\"check\":\"" + check_of(out) + "\"}\n";
}

Result<KnownPlaces> parse_places(std::string_view text, std::string_view kind) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kPlacesBytesMax;
  limits.nodes_max = 10'000'000;
  if (!tape.parse(text, limits, error)) return corrupt(error.message);
  const event::JsonValue root(tape);
  KnownPlaces out;
  out.log = root["log"].text();
  const auto size = root["size"].number();
  const std::string check = root["check"].text();
  const auto end = text.rfind("],\"check\":");
  bool sound = end != std::string_view::npos && check == check_of(text.substr(0, end)) &&
               root["stele_" + std::string(kind)].number() == 1U && size.has_value() &&
               root["changes"].is(event::JsonType::kArray);
  out.size = size.value_or(0);
  root["changes"].for_each([&](event::JsonValue value) {
    const auto index = value.number();
    sound = sound && index && *index < out.size && (out.changes.empty() || *index > out.changes.back());
    if (sound) out.changes.push_back(*index);
  });
  if (!sound) return corrupt("it does not say which entries are about " + std::string(kind));
  return out;
}

Status Places::read(const Take& take) {
  const auto store = audit_.store();
  const std::lock_guard lock(mutex_);
  if (fs_.exists(file_)) {
    const auto text = io::read_file(fs_, file_, kPlacesBytesMax);
    auto known = text ? parse_places(*text, kind_) : Result<KnownPlaces>(text.error());
    if (known && known->log == log_id(*store) && known->size <= store->size()) places_ = std::move(*known);
  }
  places_.log = log_id(*store);
  for (const std::uint64_t index : places_.changes) {
    STELE_ASSIGN(const bool sound, read_some(*store, index, index + 1, false, take));
    if (sound) continue;
    // The file is wrong. Taking all again from the first entry on ends where it should.
    places_.changes.clear();
    places_.size = 0;
    break;
  }
  const std::uint64_t size = store->size();
  for (std::uint64_t at = places_.size; at < size; at += kRead)
    if (const auto taken = read_some(*store, at, std::min(size, at + kRead), true, take); !taken) return taken.error();
  if (places_.size != size) save();
  return {};
}

// Of `all` entries those of the kind are noted; else each is to be one, and false says that one is not.
Result<bool> Places::read_some(const log::Store& store, std::uint64_t first, std::uint64_t end, bool all, const Take& take) {
  STELE_ASSIGN(const std::string bundle, store.read(first, end - first));
  std::uint64_t index = first;
  Status status;
  bool is_each_one = true;
  STELE_TRY(event::for_each_entry(bundle, [&](std::string_view entry) {
    const auto taken = take(entry);
    if (!taken) {
      if (status) status = taken.error().in("entry " + std::to_string(index) + " of the log audit");
    } else if (*taken && all) {
      places_.changes.push_back(index);
    }
    is_each_one = is_each_one && taken && *taken;
    ++index;
  }));
  if (!status) return status.error();
  return all || is_each_one;
}

void Places::write(const event::InternalEvent& event, std::function<void(const Status&)> done) {
  auto batch = event::internal_batch(event);
  if (!batch) return done(batch.error());
  {
    const std::lock_guard lock(mutex_);
    ++being_written_;
  }
  audit_.submit_note(std::move(*batch), [this, done = std::move(done)](const Result<log::Delivered>& delivered) {
    {
      const std::lock_guard lock(mutex_);
      --being_written_;
      if (delivered) {
        const std::uint64_t index = delivered->placed.front().index;
        places_.changes.insert(std::ranges::upper_bound(places_.changes, index), index);
      }
    }
    done(delivered ? Status() : Status(delivered.error()));
  });
}

Status Places::read_until(UnixNanos time, const Take& take) {
  std::vector<std::uint64_t> changes;
  {
    const std::lock_guard lock(mutex_);
    changes = places_.changes;
  }
  const auto store = audit_.store();
  for (const std::uint64_t index : changes) {
    STELE_ASSIGN(const std::string bundle, store->read(index, 1));
    const std::string_view entry = std::string_view(bundle).substr(2);
    if (event::read_received(entry).value_or(0) > time) break;  // times of receipt never go back
    STELE_TRY(take(entry));
  }
  return {};
}

void Places::keep() {
  const std::lock_guard lock(mutex_);
  if (audit_.store()->size() >= places_.size + kKeepEvery) save();
}

void Places::close() {
  const std::lock_guard lock(mutex_);
  if (audit_.store()->size() != places_.size) save();
}

// A file that cannot be written costs the next start some reading, and nothing else. While a change is on its way, where it
// stands is not known: what was noted before holds.
void Places::save() {
  if (being_written_ != 0) return;
  places_.size = audit_.store()->size();
  (void)io::write_file(fs_, file_, places_text(places_, kind_), 0600);
}

}  // namespace stele::audit
