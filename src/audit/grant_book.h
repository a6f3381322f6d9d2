// The grants of a server: kept as entries of its log "audit", which nobody alters, and held in memory for decisions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/grants.h"
#include "audit/grant_event.h"
#include "audit/places.h"
#include "audit/reservations.h"
#include "base/clock.h"
#include "io/file.h"
#include "log/sequencer.h"

namespace stele::audit {

// Thread-safe. A change is durable as an entry before it has an effect and before anyone is told of it.
class GrantBook {
 public:
  // Reads the grants there are. The log, the file system, the clock and the source of randomness outlive it.
  static Result<std::unique_ptr<GrantBook>> open(io::FileSystem& fs, std::string places_file, log::Sequencer& audit,
                                                 const Clock& clock, Random& random);

  [[nodiscard]] const access::Grants& grants() const { return grants_; }

  struct Wanted {
    std::string name;
    std::string role;
    std::string source;
    std::vector<std::string> logs;
    access::Sight sight;
    std::optional<UnixNanos> expires;
  };
  struct Created {
    access::Grant grant;
    std::string token;  // its text, which is kept nowhere
  };
  // Makes a token. `done` is called once, from another thread or this one; it must not block. kInvalid as access::check_grant, or
  // there is no such role.
  void create(const Wanted& wanted, const Doer& doer, std::function<void(Result<Created>)> done);
  // Gives a user access. kConflict: he has some.
  void create_user(const std::string& id, const Wanted& wanted, const Doer& doer,
                   std::function<void(Result<access::Grant>)> done);
  // kNotFound: there is none of that id. One that is revoked already stays as it is, and is handed back.
  void revoke(access::Holder holder, const std::string& id, const Doer& doer, std::function<void(Result<access::Grant>)> done);

  // Defines a role, anew if it is there: then whoever has it has it as it is now. kInvalid as access::check_role.
  void define_role(const access::Role& role, const Doer& doer, std::function<void(const Status&)> done);
  // kNotFound; kConflict: somebody has it.
  void remove_role(const std::string& name, const Doer& doer, std::function<void(const Status&)> done);

  // The grants and roles as they were at `time`: what the entries say that were received up to then.
  [[nodiscard]] Result<std::unique_ptr<access::Grants>> as_of(UnixNanos time);

  // Notes where the grants stand, if the log is much longer than when that was noted last. Cheap otherwise.
  void keep() { places_.keep(); }
  // The same in any case; at the end.
  void close() { places_.close(); }

 private:
  GrantBook(io::FileSystem& fs, std::string places_file, log::Sequencer& audit, const Clock& clock, Random& random)
      : places_(fs, std::move(places_file), "grants", audit), clock_(clock), random_(random) {}
  [[nodiscard]] access::Grant grant_of(const Wanted& wanted, const Doer& doer) const;
  [[nodiscard]] Status check(const access::Grant& grant) const;
  void write(const event::InternalEvent& event, GrantChange change, std::function<void(const Status&)> done);

  Places places_;
  const Clock& clock_;
  Random& random_;
  access::Grants grants_;
  Reservations reservations_;  // of "user:…" that is being made, "role:…" that is being given or changed
};

}  // namespace stele::audit
