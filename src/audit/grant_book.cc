#include "audit/grant_book.h"

#include <algorithm>

#include "access/token.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "event/entry.h"
#include "event/json_value.h"

namespace stele::audit {
namespace {

constexpr std::uint64_t kPlacesBytesMax = 64U << 20;
constexpr std::uint64_t kKeepEvery = 100'000;  // entries
constexpr std::uint64_t kRead = 4096;          // entries at once

std::string log_id(const log::Store& store) { return hex_encode(std::as_bytes(std::span(store.identity().id))); }

}  // namespace

std::string grant_places_text(const GrantPlaces& places) {
  std::string out = "{\"stele_grants\":1,\"log\":\"" + places.log + "\",\"size\":";
  append_decimal(out, places.size);
  out += ",\"changes\":[";
  for (const std::uint64_t index : places.changes) {
    if (out.back() != '[') out += ',';
    append_decimal(out, index);
  }
  return out + "]}\n";
}

Result<GrantPlaces> parse_grant_places(std::string_view text) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kPlacesBytesMax;
  limits.nodes_max = 10'000'000;
  if (!tape.parse(text, limits, error)) return corrupt(error.message);
  const event::JsonValue root(tape);
  GrantPlaces out;
  out.log = root["log"].text();
  const auto size = root["size"].number();
  bool sound = root["stele_grants"].number() == 1U && size.has_value() && root["changes"].is(event::JsonType::kArray);
  out.size = size.value_or(0);
  root["changes"].for_each([&](event::JsonValue value) {
    const auto index = value.number();
    sound = sound && index && *index < out.size && (out.changes.empty() || *index > out.changes.back());
    if (sound) out.changes.push_back(*index);
  });
  if (!sound) return corrupt("it does not say which entries are about grants");
  return out;
}

Result<std::unique_ptr<GrantBook>> GrantBook::open(io::FileSystem& fs, std::string places_file, log::Sequencer& audit,
                                                   const Clock& clock, Random& random) {
  std::unique_ptr<GrantBook> book(new GrantBook(fs, std::move(places_file), audit, clock, random));
  STELE_TRY(book->read());
  return book;
}

Status GrantBook::read() {
  const auto store = audit_.store();
  const std::lock_guard lock(mutex_);
  if (fs_.exists(places_file_)) {
    const auto text = io::read_file(fs_, places_file_, kPlacesBytesMax);
    auto known = text ? parse_grant_places(*text) : Result<GrantPlaces>(text.error());
    if (known && known->log == log_id(*store) && known->size <= store->size()) places_ = std::move(*known);
  }
  places_.log = log_id(*store);
  for (const std::uint64_t index : places_.changes) STELE_TRY(take(*store, index, index + 1, false));
  const std::uint64_t size = store->size();
  for (std::uint64_t at = places_.size; at < size; at += kRead) STELE_TRY(take(*store, at, std::min(size, at + kRead), true));
  if (places_.size != size) save();
  return {};
}

// Applies what the entries [first, end) say; of `all` entries those about grants are noted.
Status GrantBook::take(const log::Store& store, std::uint64_t first, std::uint64_t end, bool all) {
  STELE_ASSIGN(const std::string bundle, store.read(first, end - first));
  std::uint64_t index = first;
  Status status;
  STELE_TRY(event::for_each_entry(bundle, [&](std::string_view entry) {
    const auto change = read_grant_change(entry);
    if (!change) {
      if (status) status = change.error().in("entry " + std::to_string(index) + " of the log audit");
    } else if (*change) {
      apply(**change);
      if (all) places_.changes.push_back(index);
    } else if (!all && status) {
      status = corrupt(places_file_ + " names entry " + std::to_string(index) +
                       " of the log audit, which is about no grant: take the file away, and it is made anew");
    }
    ++index;
  }));
  return status;
}

void GrantBook::apply(const GrantChange& change) {
  if (!change.revoked) return grants_.put(change.grant);
  auto grant = grants_.find(change.grant.holder, change.grant.id);
  if (!grant) return;
  grant->revoked = change.grant.revoked;
  grant->revoked_by = change.grant.revoked_by;
  grants_.put(*grant);
}

access::Grant GrantBook::grant_of(const Wanted& wanted, const Doer& doer) const {
  access::Grant grant;
  grant.name = wanted.name;
  grant.role = wanted.role;
  grant.source = wanted.source;
  grant.logs = wanted.logs;
  grant.created = clock_.now();
  grant.created_by = doer.identity;
  grant.expires = wanted.expires;
  return grant;
}

void GrantBook::create(const Wanted& wanted, const Doer& doer, std::function<void(Result<Created>)> done) {
  access::NewToken token = access::make_token(random_);
  while (grants_.find(access::Holder::kToken, token.id)) token = access::make_token(random_);
  access::Grant grant = grant_of(wanted, doer);
  grant.id = token.id;
  grant.digest = token.digest;
  if (const Status sound = access::check_grant(grant); !sound) return done(sound.error());
  Created created{grant, std::move(token.text)};
  write(created_event(grant, doer), {grant, false},
        [created = std::move(created), done = std::move(done)](const Status& written) {
          done(written ? Result<Created>(created) : Result<Created>(written.error()));
        });
}

void GrantBook::create_user(const std::string& id, const Wanted& wanted, const Doer& doer,
                            std::function<void(Result<access::Grant>)> done) {
  access::Grant grant = grant_of(wanted, doer);
  grant.holder = access::Holder::kUser;
  grant.id = id;
  if (const Status sound = access::check_grant(grant); !sound) return done(sound.error());
  if (grants_.user(id, clock_.now())) return done(Error{Code::kConflict, "the user " + id + " has access already"});
  write(created_event(grant, doer), {grant, false}, [grant, done = std::move(done)](const Status& written) {
    done(written ? Result<access::Grant>(grant) : Result<access::Grant>(written.error()));
  });
}

void GrantBook::revoke(access::Holder holder, const std::string& id, const Doer& doer,
                       std::function<void(Result<access::Grant>)> done) {
  auto grant = grants_.find(holder, id);
  if (!grant) {
    return done(
        Error{Code::kNotFound, "there is no " + std::string(holder_name(holder)) + " " + (is_utf8(id) ? id : "of that name")});
  }
  if (grant->revoked) return done(std::move(*grant));
  grant->revoked = clock_.now();
  grant->revoked_by = doer.identity;
  write(revoked_event(*grant, doer), {*grant, true}, [grant = *grant, done = std::move(done)](const Status& written) {
    done(written ? Result<access::Grant>(grant) : Result<access::Grant>(written.error()));
  });
}

void GrantBook::write(event::InternalEvent event, GrantChange change, std::function<void(const Status&)> done) {
  auto batch = event::internal_batch(event);
  if (!batch) return done(batch.error());
  {
    const std::lock_guard lock(mutex_);
    ++being_written_;
  }
  const auto written = [this, change = std::move(change), done = std::move(done)](const Result<log::Delivered>& delivered) {
    note_written(change, delivered ? std::optional(delivered->placed.front().index) : std::nullopt);
    done(delivered ? Status() : Status(delivered.error()));
  };
  audit_.submit_note(std::move(*batch), written);
}

void GrantBook::note_written(const GrantChange& change, std::optional<std::uint64_t> index) {
  const std::lock_guard lock(mutex_);
  --being_written_;
  if (!index) return;
  apply(change);
  places_.changes.insert(std::ranges::upper_bound(places_.changes, *index), *index);
}

void GrantBook::keep() {
  const std::lock_guard lock(mutex_);
  if (audit_.store()->size() >= places_.size + kKeepEvery) save();
}

void GrantBook::close() {
  const std::lock_guard lock(mutex_);
  if (audit_.store()->size() != places_.size) save();
}

// A file that cannot be written costs the next start some reading, and no grant. While a change is on its way, where it stands is
// not known: what was noted before holds.
void GrantBook::save() {
  if (being_written_ != 0) return;
  places_.size = audit_.store()->size();
  (void)io::write_file(fs_, places_file_, grant_places_text(places_), 0600);
}

}  // namespace stele::audit
