// What there is to follow on a machine that nobody described.
#pragma once

#include <string>
#include <vector>

#include "agent/config.h"

namespace stele::agent {

struct Discovery {
  struct Unreadable {
    std::string path;
    std::string why;
    std::string remedy;  // a command, or empty
  };
  bool journal = false;
  std::vector<FileConfig> files;  // that are there and readable, or may be later
  std::vector<Unreadable> unreadable;
};

// Looks below `root`, "" for the machine's own. `user` is who the agent runs as, for the remedies.
Discovery discover(const std::string& root, const std::string& user);

}  // namespace stele::agent
