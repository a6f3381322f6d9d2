#include "audit/grant_book.h"

#include <algorithm>

#include "access/token.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "base/list_text.h"
#include "event/entry.h"
#include "event/json_value.h"

namespace stele::audit {
namespace {

constexpr std::uint64_t kPlacesBytesMax = 64U << 20;
constexpr std::uint64_t kKeepEvery = 100'000;  // entries
constexpr std::uint64_t kRead = 4096;          // entries at once

std::string log_id(const log::Store& store) { return hex_encode(std::as_bytes(std::span(store.identity().id))); }

void apply(const GrantChange& change, access::Grants& grants) {
  using Kind = GrantChange::Kind;
  switch (change.kind) {
    case Kind::kCreated: return grants.put(change.grant);
    case Kind::kRoleDefined: return grants.put_role(change.role);
    case Kind::kRoleRemoved: return grants.remove_role(change.role.name);
    case Kind::kRevoked: break;
  }
  auto grant = grants.find(change.grant.holder, change.grant.id);
  if (!grant) return;
  grant->revoked = change.grant.revoked;
  grant->revoked_by = change.grant.revoked_by;
  grants.put(*grant);
}

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
      apply(**change, grants_);
      if (all) places_.changes.push_back(index);
    } else if (!all && status) {
      status = corrupt(places_file_ + " names entry " + std::to_string(index) +
                       " of the log audit, which is about no grant: take the file away, and it is made anew");
    }
    ++index;
  }));
  return status;
}

Result<std::unique_ptr<access::Grants>> GrantBook::as_of(UnixNanos time) {
  std::vector<std::uint64_t> changes;
  {
    const std::lock_guard lock(mutex_);
    changes = places_.changes;
  }
  const auto store = audit_.store();
  auto out = std::make_unique<access::Grants>();
  for (const std::uint64_t index : changes) {
    STELE_ASSIGN(const std::string bundle, store->read(index, 1));
    const std::string_view entry = std::string_view(bundle).substr(2);
    if (event::read_received(entry).value_or(0) > time) break;  // times of receipt never go back
    STELE_ASSIGN(const auto change, read_grant_change(entry));
    if (change) apply(*change, *out);
  }
  return out;
}

Status GrantBook::check(const access::Grant& grant) const {
  if (const access::Role* role = grants_.find_role(grant.role)) return check_grant(grant, *role);
  std::vector<std::string> names;
  for (const access::Role* role : grants_.roles()) names.push_back(role->name);
  return invalid("there is no role \"" + (is_utf8(grant.role) ? grant.role : "?") + "\"; there are " + join(names, ", "));
}

access::Grant GrantBook::grant_of(const Wanted& wanted, const Doer& doer) const {
  access::Grant grant;
  grant.name = wanted.name;
  grant.role = wanted.role;
  grant.source = wanted.source;
  grant.logs = wanted.logs;
  grant.sight = wanted.sight;
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
  if (const Status sound = check(grant); !sound) return done(sound.error());
  Created created{grant, std::move(token.text)};
  write(created_event(grant, doer), {GrantChange::Kind::kCreated, grant, {}},
        [created = std::move(created), done = std::move(done)](const Status& written) {
          done(written ? Result<Created>(created) : Result<Created>(written.error()));
        });
}

void GrantBook::create_user(const std::string& id, const Wanted& wanted, const Doer& doer,
                            std::function<void(Result<access::Grant>)> done) {
  access::Grant grant = grant_of(wanted, doer);
  grant.holder = access::Holder::kUser;
  grant.id = id;
  if (const Status sound = check(grant); !sound) return done(sound.error());
  if (grants_.user(id, clock_.now())) return done(Error{Code::kConflict, "the user " + id + " has access already"});
  write(created_event(grant, doer), {GrantChange::Kind::kCreated, grant, {}},
        [grant, done = std::move(done)](const Status& written) {
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
  write(revoked_event(*grant, doer), {GrantChange::Kind::kRevoked, *grant, {}},
        [grant = *grant, done = std::move(done)](const Status& written) {
          done(written ? Result<access::Grant>(grant) : Result<access::Grant>(written.error()));
        });
}

void GrantBook::define_role(const access::Role& role, const Doer& doer, std::function<void(const Status&)> done) {
  if (const Status sound = access::check_role(role); !sound) return done(sound);
  write(role_defined_event(role, grants_.find_role(role.name), doer, clock_.now()), {GrantChange::Kind::kRoleDefined, {}, role},
        std::move(done));
}

void GrantBook::remove_role(const std::string& name, const Doer& doer, std::function<void(const Status&)> done) {
  const access::Role* const role = grants_.find_role(name);
  if (role == nullptr) return done(Error{Code::kNotFound, "there is no role " + (is_utf8(name) ? name : "of that name")});
  if (access::find_shipped_role(name) != nullptr) return done(invalid("the role " + name + " is shipped, and stays"));
  if (const auto holders = grants_.holders_of(name, clock_.now()); !holders.empty())
    return done(Error{Code::kConflict, "the role " + name + " is had by " + join(holders, ", ")});
  write(role_removed_event(*role, doer, clock_.now()), {GrantChange::Kind::kRoleRemoved, {}, *role}, std::move(done));
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
  apply(change, grants_);
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
