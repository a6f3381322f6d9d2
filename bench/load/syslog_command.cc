// bench_load syslog: floods a syslog receiver over TCP, and stops the clock when its file holds every line.
//
// Plain syslog over TCP (RFC 6587) has no acknowledgement, so the file is the only witness. Its size is watched while it
// grows; the lines are counted afterwards, so that counting does not take CPU from the receiver.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "commands.h"
#include "corpus.h"
#include "engine.h"
#include "measure.h"

namespace stele::bench {
namespace {

// RFC 5424 without structured data; the same for every message, the event is the message's text.
constexpr std::string_view kHeader = "<134>1 2026-11-01T00:00:00.000Z web-1 audit - - - ";
constexpr std::uint64_t kChunkEvents = 500;        // written to one connection before the next one's turn
constexpr std::uint64_t kQuietNs = 1'500'000'000;  // a file that has not grown for so long is complete
constexpr int kLookEveryMs = 1;

// Frames ready to be written, cut into chunks of whole messages.
struct Frames {
  std::string bytes;
  std::vector<std::size_t> chunk_ends;
  std::uint64_t events = 0;
};

Frames frame_corpus(const Corpus& corpus, bool octet_counted) {
  Frames frames;
  frames.events = corpus.size() / kChunkEvents * kChunkEvents;
  for (std::uint64_t i = 0; i < frames.events; ++i) {
    const std::string_view event = corpus.event(i);
    if (octet_counted) frames.bytes += std::to_string(kHeader.size() + event.size()) + ' ';
    frames.bytes.append(kHeader).append(event);
    if (!octet_counted) frames.bytes += '\n';
    if ((i + 1) % kChunkEvents == 0) frames.chunk_ends.push_back(frames.bytes.size());
  }
  return frames;
}

std::uint64_t file_size(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t count_lines(const std::string& path, std::uint64_t from) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  std::vector<char> buffer(std::size_t{1} << 20U);
  std::uint64_t lines = 0;
  for (;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(from));
    if (n <= 0) break;
    lines += static_cast<std::uint64_t>(std::count(buffer.begin(), buffer.begin() + n, '\n'));
    from += static_cast<std::uint64_t>(n);
  }
  ::close(fd);
  return lines;
}

// Sends chunks in turn over its connections, never waiting for one while another can take bytes.
class Flood {
 public:
  Flood(const Frames& frames, const std::string& where, std::size_t connections) : frames_(frames) {
    for (std::size_t i = 0; i < connections; ++i) {
      sockets_.push_back({connect_to({where, ""}), POLLOUT, 0});
      pending_.emplace_back();
    }
  }
  ~Flood() {
    for (const pollfd& socket : sockets_) ::close(socket.fd);
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  // Starts chunks until `stop_ns` or `events_max` (0: no limit), and ends when all that was started is written.
  // Returns the number of events written.
  std::uint64_t run(std::uint64_t stop_ns, std::uint64_t events_max) {
    std::uint64_t started = 0;
    for (;;) {
      bool writing = false;
      const bool more = now_ns() < stop_ns && (events_max == 0 || started < events_max);
      for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (pending_[i].empty() && more && (events_max == 0 || started < events_max)) {
          pending_[i] = next_chunk();
          started += kChunkEvents;
        }
        writing = writing || !pending_[i].empty();
        sockets_[i].events = pending_[i].empty() ? short{0} : short{POLLOUT};
      }
      if (!writing) return started;
      if (::poll(sockets_.data(), sockets_.size(), 1000) < 0 && errno != EINTR) give_up_errno("poll");
      for (std::size_t i = 0; i < sockets_.size(); ++i) write_some(i);
    }
  }

 private:
  std::string_view next_chunk() {
    const std::size_t begin = chunk_ == 0 ? 0 : frames_.chunk_ends[chunk_ - 1];
    const std::size_t end = frames_.chunk_ends[chunk_];
    chunk_ = (chunk_ + 1) % frames_.chunk_ends.size();
    return {frames_.bytes.data() + begin, end - begin};
  }

  void write_some(std::size_t index) {
    if ((sockets_[index].revents & (POLLOUT | POLLERR | POLLHUP)) == 0 || pending_[index].empty()) return;
    std::string_view& left = pending_[index];
    const ssize_t n = ::send(sockets_[index].fd, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) give_up_errno("the receiver closed the connection");
    left.remove_prefix(static_cast<std::size_t>(n));
  }

  const Frames& frames_;
  std::vector<pollfd> sockets_;
  std::vector<std::string_view> pending_;
  std::size_t chunk_ = 0;
};

// The moment at which the file grew for the last time.
std::uint64_t wait_until_quiet(const std::string& path) {
  std::uint64_t size = file_size(path);
  std::uint64_t grew_ns = now_ns();
  while (now_ns() - grew_ns < kQuietNs) {
    ::poll(nullptr, 0, kLookEveryMs);
    const std::uint64_t size_now = file_size(path);
    if (size_now == size) continue;
    size = size_now;
    grew_ns = now_ns();
  }
  return grew_ns;
}

}  // namespace

int run_syslog(Options& options) {
  const std::string corpus_path = options.required("corpus");
  const std::string where = options.required("connect");
  const std::string path = options.text("file", "");
  const std::string framing = options.text("framing", "octet");
  const std::uint64_t connections = options.count("connections", 1);
  const double seconds = options.real("seconds", 5);
  const std::uint64_t events_max = options.count("events", 0);
  options.finish();
  if (framing != "octet" && framing != "newline") give_up("--framing is octet or newline");
  if (connections == 0) give_up("--connections must be at least 1");

  const Corpus corpus(corpus_path, kChunkEvents, 1, 0);
  const Frames frames = frame_corpus(corpus, framing == "octet");
  const std::uint64_t size_before = file_size(path);
  const double cpu_before = own_cpu_seconds();
  Flood flood(frames, where, connections);
  const std::uint64_t start_ns = now_ns();
  const std::uint64_t events = flood.run(start_ns + static_cast<std::uint64_t>(seconds * 1e9), events_max);
  const std::uint64_t sent_ns = now_ns();
  const double cpu = own_cpu_seconds() - cpu_before;
  const std::uint64_t done_ns = path.empty() ? sent_ns : wait_until_quiet(path);
  const std::uint64_t written = path.empty() ? events : count_lines(path, size_before);

  const double elapsed = static_cast<double>(done_ns - start_ns) * 1e-9;
  JsonLine()
      .text("bench", "syslog")
      .text("framing", framing)
      .count("connections", connections)
      .real("seconds", elapsed)
      .real("send_seconds", static_cast<double>(sent_ns - start_ns) * 1e-9)
      .count("events", written)
      .count("missing_events", events - std::min(events, written))
      .real("events_per_second", elapsed > 0 ? static_cast<double>(written) / elapsed : 0)
      .count("written_bytes", path.empty() ? 0 : file_size(path) - size_before)
      .real("client_cpu_seconds", cpu)
      .print();
  return written == events ? 0 : 1;
}

}  // namespace stele::bench
