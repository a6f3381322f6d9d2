// Who is at the other end of a Unix socket, as the kernel and /proc say.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "net/peer.h"

namespace stele::agent {

// {"pid":812,"uid":1000,"gid":1000,"user":"ada","exe":"/usr/bin/python3.11"}; what cannot be found out is left out. The program
// is that which the process runs now: one that has ended has none.
std::string peer_json(const net::Credentials& credentials);

// Remembers for a second, for those that write often.
class PeerCache {
 public:
  const std::string& find(const net::Credentials& credentials, std::int64_t now);

 private:
  std::map<std::tuple<std::int64_t, std::uint32_t, std::uint32_t>, std::string> known_;
  std::int64_t since_ = 0;
};

}  // namespace stele::agent
