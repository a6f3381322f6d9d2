#include "agent/audit_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/clock.h"
#include "net/socket_path.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kReconnectNanos = kSecond;

}  // namespace

void AuditSocketStream::watch(std::vector<pollfd>& out) const {
  if (fd_.get() >= 0) out.push_back({fd_.get(), POLLIN, 0});
}

void AuditSocketStream::connect(Batch& batch, std::int64_t now) {
  if (now < next_try_) return;
  next_try_ = now + kReconnectNanos;
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = net::SocketPath(path_).address();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    fd_ = std::move(fd);
    cutter_ = records::make_audit_cutter();
    problem_.clear();
    return;
  }
  const std::string problem = std::generic_category().message(errno);
  if (problem == problem_) return;
  problem_ = problem;
  Notice notice{"audit_unreachable", "warning", "failure", "audit events cannot be had from " + path_ + ": " + problem, {}};
  notice.attributes = {text_attribute("path", path_), text_attribute("reason", problem)};
  batch.tell(std::move(notice));
}

// False when there was no room for all of them.
bool AuditSocketStream::add(Batch& batch) {
  return cut_.hand_on(batch, [&](const records::Record& record) {
    batch.add({"auditd", path_, record.bytes, record.length, ""});
  });
}

bool AuditSocketStream::collect(Batch& batch, std::int64_t now) {
  if (!add(batch)) return true;
  if (!batch.has_room()) return false;
  if (fd_.get() < 0) connect(batch, now);
  if (fd_.get() < 0) return false;
  std::array<char, 64U << 10> buffer;
  const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  const bool lost = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  cutter_->feed(std::string_view(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0), now, cut_.more());
  if (lost) {
    cutter_->end(cut_.more());
    fd_ = Descriptor();
    problem_ = "the connection was closed";
    Notice notice{"audit_unreachable", "warning", "failure", path_ + " was closed; events are lost until it is back", {}};
    notice.attributes = {text_attribute("path", path_), text_attribute("reason", problem_)};
    batch.tell(std::move(notice));
  }
  return !add(batch) || n > 0;
}

bool AuditSocketStream::finish(Batch& batch) {
  if (fd_.get() >= 0) cutter_->end(cut_.more());
  fd_ = Descriptor();
  return !add(batch);
}

void AuditSocketStream::describe(std::vector<StreamState>& out) const {
  out.push_back({path_, problem_.empty() ? "following" : problem_, 0});
}

}  // namespace stele::agent
