#include "agent/peer.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <vector>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/readable_text.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kRememberNanos = kSecond;
constexpr std::size_t kNameBytesMax = 1'000;

std::string user_of(std::uint32_t uid) {
  std::vector<char> room(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) != 0 || found == nullptr) return "";
  return found->pw_name;
}

std::string program_of(std::int64_t pid) {
  std::array<char, PATH_MAX> path{};
  const ssize_t n = ::readlink(("/proc/" + std::to_string(pid) + "/exe").c_str(), path.data(), path.size());
  return n <= 0 ? "" : std::string(path.data(), static_cast<std::size_t>(n));
}

}  // namespace

std::string peer_json(const net::Credentials& credentials) {
  std::string out = R"({"pid":)" + std::to_string(credentials.pid) + R"(,"uid":)" + std::to_string(credentials.uid) +
                    R"(,"gid":)" + std::to_string(credentials.gid);
  const auto text = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    out += name;
    append_readable(out, value, kNameBytesMax);
    out.push_back('"');
  };
  text(R"(,"user":")", user_of(credentials.uid));
  text(R"(,"exe":")", program_of(credentials.pid));
  return out + "}";
}

const std::string& PeerCache::find(const net::Credentials& credentials, std::int64_t now) {
  if (now - since_ > kRememberNanos) {
    known_.clear();
    since_ = now;
  }
  const auto [at, is_new] = known_.try_emplace({credentials.pid, credentials.uid, credentials.gid});
  if (is_new) at->second = peer_json(credentials);
  return at->second;
}

}  // namespace stele::agent
