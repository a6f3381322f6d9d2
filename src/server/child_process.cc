#include "server/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/os_error.h"

namespace stele::server {
namespace {

constexpr std::size_t kErrBytesMax = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_error("cannot make a pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// As exec(3) wants them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec of a program with threads: only what signal-safety(7) allows.
[[noreturn]] void become(char* const* words, char* const* environment, int out, int err, pid_t parent) {
  constexpr int kCannotStart = 127;
  constexpr int kLowest = 19;
  constexpr int kIoOfProcess = 1;   // IOPRIO_WHO_PROCESS
  constexpr int kIoIdle = 3 << 13;  // IOPRIO_CLASS_IDLE: the disk when nobody else wants it
  constexpr unsigned kFirstOther = 3;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::setpriority(PRIO_PROCESS, 0, kLowest);
  ::syscall(SYS_ioprio_set, kIoOfProcess, 0, kIoIdle);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err, STDERR_FILENO) < 0)
    ::_exit(kCannotStart);
  ::close_range(kFirstOther, ~0U, 0);  // the lock of the data directory, sockets of clients
  ::execve(words[0], words, environment);
  ::_exit(kCannotStart);
}

// False at its end.
bool read_some(const Descriptor& from, std::string& to, std::size_t bytes_max) {
  std::array<char, 16384> buffer{};
  const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  to.append(buffer.data(), std::min(static_cast<std::size_t>(n), bytes_max - to.size()));
  return n > 0;
}

int wait_for(pid_t pid) {
  constexpr int kSignalBase = 128;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
}

}  // namespace

Result<ChildOutput> run_in_background(const std::vector<std::string>& words, const std::vector<std::string>& variables,
                                      std::size_t out_bytes_max, const std::atomic<bool>& stop) {
  STELE_ASSIGN(Pipe out, make_pipe());
  STELE_ASSIGN(Pipe err, make_pipe());
  std::vector<std::string> copies = words;
  const std::vector<char*> argv = pointers_to(copies);
  std::vector<std::string> environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  environment.insert(environment.end(), variables.begin(), variables.end());
  const std::vector<char*> envp = pointers_to(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return os_error("cannot start a process");
  if (pid == 0) become(argv.data(), envp.data(), out.write.get(), err.write.get(), parent);
  out.write.close();
  err.write.close();

  constexpr int kLookMillis = 200;
  ChildOutput output;
  while (out.read.get() >= 0 || err.read.get() >= 0) {
    std::array<pollfd, 2> polled{pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0}};
    (void)::poll(polled.data(), polled.size(), kLookMillis);
    if (stop) {
      ::kill(pid, SIGKILL);
      (void)wait_for(pid);
      return unavailable("it was stopped");
    }
    if (polled[0].revents != 0 && !read_some(out.read, output.out, out_bytes_max)) out.read.close();
    if (polled[1].revents != 0 && !read_some(err.read, output.err, kErrBytesMax)) err.read.close();
  }
  output.exit_code = wait_for(pid);
  return output;
}

}  // namespace stele::server
