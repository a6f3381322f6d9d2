#include "audit/grant_book.h"

#include <utility>

#include "access/token.h"
#include "base/json_text.h"
#include "base/list_text.h"

namespace stele::audit {
namespace {

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

// Whether the entry is about grants; then `grants` has what it says.
Result<bool> take(std::string_view entry, access::Grants& grants) {
  STELE_ASSIGN(const auto change, read_grant_change(entry));
  if (change) apply(*change, grants);
  return change.has_value();
}

}  // namespace

Result<std::unique_ptr<GrantBook>> GrantBook::open(io::FileSystem& fs, std::string places_file, log::Sequencer& audit,
                                                   const Clock& clock, Random& random) {
  std::unique_ptr<GrantBook> book(new GrantBook(fs, std::move(places_file), audit, clock, random));
  STELE_TRY(book->places_.read([&](std::string_view entry) { return take(entry, book->grants_); }));
  return book;
}

Result<std::unique_ptr<access::Grants>> GrantBook::as_of(UnixNanos time) {
  auto out = std::make_unique<access::Grants>();
  STELE_TRY(places_.read_until(time, [&](std::string_view entry) { return take(entry, *out); }));
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
  auto role = reservations_.together("role:" + wanted.role);
  if (!role) return done(Error{Code::kConflict, "the role " + wanted.role + " is being changed; try again"});
  access::NewToken token = access::make_token(random_);
  while (grants_.find(access::Holder::kToken, token.id)) token = access::make_token(random_);
  access::Grant grant = grant_of(wanted, doer);
  grant.id = token.id;
  grant.digest = token.digest;
  if (const Status sound = check(grant); !sound) {
    role->release();
    return done(sound.error());
  }
  Created created{grant, std::move(token.text)};
  write(created_event(grant, doer), {GrantChange::Kind::kCreated, grant, {}},
        [created = std::move(created), done = std::move(done), role](const Status& written) {
          role->release();
          done(written ? Result<Created>(created) : Result<Created>(written.error()));
        });
}

void GrantBook::create_user(const std::string& id, const Wanted& wanted, const Doer& doer,
                            std::function<void(Result<access::Grant>)> done) {
  access::Grant grant = grant_of(wanted, doer);
  grant.holder = access::Holder::kUser;
  grant.id = id;
  auto role = reservations_.together("role:" + wanted.role);
  auto user = reservations_.alone("user:" + id);
  if (!role || !user) return done(Error{Code::kConflict, "the user or his role is being changed; try again"});
  Status sound = check(grant);
  if (sound && grants_.user(id, clock_.now())) sound = Error{Code::kConflict, "the user " + id + " has access already"};
  if (!sound) {
    role->release();
    user->release();
    return done(sound.error());
  }
  write(created_event(grant, doer), {GrantChange::Kind::kCreated, grant, {}},
        [grant, done = std::move(done), role, user](const Status& written) {
          role->release();
          user->release();
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
  auto reserved = reservations_.alone("role:" + role.name);
  if (!reserved) return done(Error{Code::kConflict, "the role " + role.name + " is being changed or given; try again"});
  write(role_defined_event(role, grants_.find_role(role.name), doer, clock_.now()), {GrantChange::Kind::kRoleDefined, {}, role},
        [done = std::move(done), reserved](const Status& written) {
          reserved->release();
          done(written);
        });
}

void GrantBook::remove_role(const std::string& name, const Doer& doer, std::function<void(const Status&)> done) {
  auto reserved = reservations_.alone("role:" + name);
  if (!reserved) return done(Error{Code::kConflict, "the role is being changed or given; try again"});
  const access::Role* const role = grants_.find_role(name);
  const auto holders = grants_.holders_of(name, clock_.now());
  Status free;
  if (role == nullptr)
    free = Error{Code::kNotFound, "there is no role " + (is_utf8(name) ? name : "of that name")};
  else if (access::find_shipped_role(name) != nullptr)
    free = invalid("the role " + name + " is shipped, and stays");
  else if (!holders.empty())
    free = Error{Code::kConflict, "the role " + name + " is had by " + join(holders, ", ")};
  if (!free) {
    reserved->release();
    return done(free);
  }
  write(role_removed_event(*role, doer, clock_.now()), {GrantChange::Kind::kRoleRemoved, {}, *role},
        [done = std::move(done), reserved](const Status& written) {
          reserved->release();
          done(written);
        });
}

// Whoever is told that it is written finds it so.
void GrantBook::write(const event::InternalEvent& event, GrantChange change, std::function<void(const Status&)> done) {
  places_.write(event, [this, change = std::move(change), done = std::move(done)](const Status& written) {
    if (written) apply(change, grants_);
    done(written);
  });
}

}  // namespace stele::audit
