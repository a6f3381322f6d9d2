#include "engine.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <deque>
#include <vector>

#include "options.h"

namespace stele::bench {
namespace {

constexpr std::uint64_t kPauseNs = 20'000'000;      // of a connection that was told "not now"
constexpr std::uint64_t kDrainNs = 10'000'000'000;  // how long answers are awaited after the last request
constexpr std::uint64_t kIdleWaitNs = 100'000'000;  // longest sleep without looking at the clock
constexpr std::size_t kReceiveBytes = std::size_t{256} << 10U;

struct Connection {
  int fd = -1;
  Request rest;                // what is not sent yet
  std::size_t first_part = 0;  // of `rest`
  std::uint64_t since_ns = 0;  // when the request was sent, or due
  std::uint32_t events = 0;
  bool waits_to_write = false;
};

struct Paused {
  std::size_t connection;
  std::uint64_t until_ns;
};

class Run {
 public:
  Run(const Plan& plan, Protocol& protocol) : plan_(plan), protocol_(protocol), connections_(plan.connections) {
    if (plan.requests_rate > 0) gap_ns_ = 1e9 / plan.requests_rate;
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) give_up_errno("epoll_create1");
    for (std::size_t i = 0; i < connections_.size(); ++i) open(i);
  }
  ~Run() {
    for (const Connection& connection : connections_) {
      if (connection.fd >= 0) ::close(connection.fd);
    }
    ::close(epoll_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Outcome run() {
    start_ns_ = now_ns();
    last_answer_ns_ = start_ns_;
    stop_ns_ = start_ns_ + static_cast<std::uint64_t>(plan_.seconds * 1e9);
    for (;;) {
      const std::uint64_t now = now_ns();
      const bool sending = now < stop_ns_ && !enough();
      resume(now);
      if (sending) send_due(now);
      if (!sending && in_flight_ == 0) break;
      if (alive_ == 0 || now > stop_ns_ + kDrainNs) break;
      wait(now);
    }
    if (plan_.requests_rate > 0 && !enough()) outcome_.unsent = due_by(std::min(stop_ns_, now_ns())) - sent_requests_;
    outcome_.lost += in_flight_;
    outcome_.seconds = static_cast<double>(last_answer_ns_ - start_ns_) * 1e-9;
    return outcome_;
  }

 private:
  void open(std::size_t index) {
    Connection& connection = connections_[index];
    connection.fd = connect_to(plan_.endpoint);
    protocol_.greet(index, connection.fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) give_up_errno("epoll_ctl");
    idle_.push_back(index);
    ++alive_;
  }

  [[nodiscard]] bool enough() const { return plan_.events_max != 0 && sent_events_ >= plan_.events_max; }

  // Number of requests that are due by this time in an open loop.
  [[nodiscard]] std::uint64_t due_by(std::uint64_t now) const {
    return static_cast<std::uint64_t>(static_cast<double>(now - start_ns_) / gap_ns_) + 1;
  }
  [[nodiscard]] std::uint64_t due_ns(std::uint64_t request) const {
    return start_ns_ + static_cast<std::uint64_t>(static_cast<double>(request) * gap_ns_);
  }

  void send_due(std::uint64_t now) {
    const bool open_loop = plan_.requests_rate > 0;
    while (!idle_.empty() && !enough()) {
      if (open_loop && due_ns(sent_requests_) > now) return;
      const std::size_t index = idle_.front();
      idle_.pop_front();
      const std::uint64_t since = open_loop ? due_ns(sent_requests_) : now_ns();
      start_request(index, since);
    }
  }

  void start_request(std::size_t index, std::uint64_t since) {
    Connection& connection = connections_[index];
    connection.rest = protocol_.make(index);
    connection.first_part = 0;
    connection.since_ns = since;
    connection.events = connection.rest.events;
    ++sent_requests_;
    sent_events_ += connection.events;
    ++in_flight_;
    write_some(index);
  }

  void write_some(std::size_t index) {
    Connection& connection = connections_[index];
    while (connection.first_part < connection.rest.part_count) {
      msghdr message{};
      message.msg_iov = &connection.rest.parts[connection.first_part];
      message.msg_iovlen = connection.rest.part_count - connection.first_part;
      const ssize_t n = ::sendmsg(connection.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return watch_writable(index, true);
      if (n < 0) return lose(index);
      advance(connection, static_cast<std::size_t>(n));
    }
    if (connection.waits_to_write) watch_writable(index, false);
  }

  void advance(Connection& connection, std::size_t sent) {
    outcome_.sent_bytes += sent;
    while (connection.first_part < connection.rest.part_count) {
      iovec& part = connection.rest.parts[connection.first_part];
      const std::size_t taken = std::min(sent, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      sent -= taken;
      if (part.iov_len != 0) return;
      ++connection.first_part;
    }
  }

  void watch_writable(std::size_t index, bool wanted) {
    Connection& connection = connections_[index];
    if (connection.waits_to_write == wanted) return;
    connection.waits_to_write = wanted;
    epoll_event event{};
    event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) != 0) give_up_errno("epoll_ctl");
  }

  void lose(std::size_t index) {
    Connection& connection = connections_[index];
    const bool was_idle = std::erase(idle_, index) != 0;
    const bool was_paused = std::erase_if(paused_, [&](const Paused& p) { return p.connection == index; }) != 0;
    if (!was_idle && !was_paused) --in_flight_;
    ++outcome_.lost;
    --alive_;
    ::close(connection.fd);
    connection.fd = -1;
  }

  void read_some(std::size_t index) {
    const ssize_t n = ::recv(connections_[index].fd, received_.data(), received_.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return lose(index);
    outcome_.received_bytes += static_cast<std::uint64_t>(n);
    const Verdict verdict = protocol_.take(index, {received_.data(), static_cast<std::size_t>(n)});
    if (verdict != Verdict::kIncomplete) finish_request(index, verdict);
  }

  void finish_request(std::size_t index, Verdict verdict) {
    const Connection& connection = connections_[index];
    if (connection.first_part < connection.rest.part_count) return lose(index);  // answered before it was asked
    last_answer_ns_ = now_ns();
    --in_flight_;
    if (verdict == Verdict::kStored) {
      outcome_.latency.record(last_answer_ns_ - connection.since_ns);
      ++outcome_.requests;
      outcome_.events += connection.events;
    } else if (verdict == Verdict::kOverloaded) {
      ++outcome_.overloaded;
    } else {
      ++outcome_.refused;
    }
    if (verdict == Verdict::kOverloaded) {
      paused_.push_back({index, last_answer_ns_ + kPauseNs});
    } else if (plan_.requests_rate > 0 || enough() || last_answer_ns_ >= stop_ns_) {
      idle_.push_back(index);
    } else {
      start_request(index, last_answer_ns_);
    }
  }

  void resume(std::uint64_t now) {
    while (!paused_.empty() && paused_.front().until_ns <= now) {
      idle_.push_back(paused_.front().connection);
      paused_.pop_front();
    }
  }

  void wait(std::uint64_t now) {
    std::uint64_t until = now + kIdleWaitNs;
    if (!paused_.empty()) until = std::min(until, paused_.front().until_ns);
    if (plan_.requests_rate > 0 && !idle_.empty()) until = std::min(until, due_ns(sent_requests_));
    const std::uint64_t left = until > now ? until - now : 0;
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(left / 1'000'000'000U);
    timeout.tv_nsec = static_cast<long>(left % 1'000'000'000U);
    const int ready = ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    if (ready < 0 && errno != EINTR) give_up_errno("epoll_pwait2");
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      const auto index = static_cast<std::size_t>(event.data.u64);
      if (connections_[index].fd >= 0 && (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read_some(index);
      if (connections_[index].fd >= 0 && (event.events & EPOLLOUT) != 0) write_some(index);
    }
  }

  const Plan& plan_;
  Protocol& protocol_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;
  std::deque<Paused> paused_;
  std::array<epoll_event, 256> events_{};
  std::vector<char> received_ = std::vector<char>(kReceiveBytes);
  Outcome outcome_;
  int epoll_ = -1;
  double gap_ns_ = 0;  // between two due requests of an open loop
  std::size_t alive_ = 0;
  std::size_t in_flight_ = 0;
  std::uint64_t sent_requests_ = 0;
  std::uint64_t sent_events_ = 0;
  std::uint64_t start_ns_ = 0;
  std::uint64_t stop_ns_ = 0;
  std::uint64_t last_answer_ns_ = 0;
};

}  // namespace

void Request::add(std::string_view bytes) { parts[part_count++] = {const_cast<char*>(bytes.data()), bytes.size()}; }

Outcome run_plan(const Plan& plan, Protocol& protocol) { return Run(plan, protocol).run(); }

}  // namespace stele::bench
