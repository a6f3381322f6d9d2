// What of an entry may tie it to others.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stele::timeline {

// Texts are empty where an entry has none, or keeps it apart.
struct Facts {
  UnixNanos time = 0;  // of the event; of receipt where that cannot be read
  std::string source;
  std::string actor_type;
  std::string account;  // actor.id
  std::string action;
  std::string category;
  std::string session;
  std::string request;
  std::string trace;
  std::string ip;
  std::string host;      // attributes.host, else the target of type host
  std::string terminal;  // as "pts0", however it was written
  std::string process;   // attributes.pid
  std::string program;   // "sudo": what wrote it or what it is about, where that is said
  // su or sudo made this account of `account`; empty for all other entries.
  std::string became;
};

Facts read_facts(std::string_view entry);

// Whether the program is one by which one account becomes another.
bool is_switch(std::string_view program);

}  // namespace stele::timeline
