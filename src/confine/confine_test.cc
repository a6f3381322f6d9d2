#include "confine/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "confine/privileges.h"
#include "confine/sanitized.h"
#include "support/temp_folder.h"

namespace stele::confine {
namespace {

// What `work` answers in a process of its own: there is no way back from what is tested here.
std::string in_child(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string answer = work();
    const bool written = ::write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    answer.append(buffer.data(), static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? answer : answer + " and ended with " + std::to_string(status);
}

std::string name_of(long answer) { return answer >= 0 ? "done" : ::strerrorname_np(errno); }

std::string open_as(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  const std::string answer = name_of(fd);
  if (fd >= 0) ::close(fd);
  return answer;
}

// How a program ended that was started: "ran", or why it was not.
std::string run(const std::string& program) {
  const pid_t child = ::fork();
  if (child < 0) return name_of(-1);
  if (child == 0) {
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return "was ended";
  return WEXITSTATUS(status) == 0 ? "ran" : ::strerrorname_np(WEXITSTATUS(status));
}

class ConfineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    kernel_ = in_child([] {
      const auto confined = confine({});
      if (!confined) return confined.error().message;
      return (confined->landlock_abi > 0 ? std::string("L") : "") + (confined->syscalls ? "S" : "");
    });
    ASSERT_TRUE(kernel_.empty() || kernel_ == "L" || kernel_ == "S" || kernel_ == "LS") << kernel_;
    for (const char* name : {"read", "write", "other"}) std::filesystem::create_directory(path(name));
    for (const char* name : {"read/file", "write/file", "other/file"}) std::ofstream(path(name)) << "x";
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  [[nodiscard]] bool has_landlock() const { return kernel_.find('L') != std::string::npos; }
  [[nodiscard]] bool has_seccomp() const { return kernel_.find('S') != std::string::npos; }

  // What `work` answers in a process that is confined.
  std::string confined(const Confinement& confinement, const std::function<std::string()>& work) {
    return in_child([&] {
      const auto done = confine(confinement);
      return done ? work() : done.error().message;
    });
  }
  [[nodiscard]] Confinement usual() const {
    Confinement usual;
    usual.read = {path("read"), path("absent")};
    usual.write = {path("write")};
    return usual;
  }

 private:
  testing::TempFolder folder_;
  std::string kernel_;
};

// Goal: of files there is what was named, in the way it was named, and nothing else.
TEST_F(ConfineTest, files_are_those_that_were_named) {
  if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  const struct {
    const char* name;
    int flags;
    const char* answer;
  } cases[] = {
      {"read/file", O_RDONLY, "done"},
      {"read", O_RDONLY | O_DIRECTORY, "done"},
      {"read/file", O_WRONLY, "EACCES"},
      {"read/new", O_WRONLY | O_CREAT, "EACCES"},
      {"write/file", O_RDWR | O_TRUNC, "done"},
      {"write/new", O_RDWR | O_CREAT, "done"},
      {"other/file", O_RDONLY, "EACCES"},
      {"other", O_RDONLY | O_DIRECTORY, "EACCES"},
      {"other/new", O_WRONLY | O_CREAT, "EACCES"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(confined(usual(), [&] { return open_as(path(one.name), one.flags); }), one.answer) << one.name << " " << one.flags;
  }
  EXPECT_EQ(confined(usual(), [] { return open_as("/etc/shadow", O_RDONLY); }), "EACCES");
  EXPECT_EQ(confined(usual(), [] { return open_as("/etc/hosts", O_RDONLY); }), "done") << "libraries look names up in it";
  EXPECT_EQ(confined(usual(), [&] { return name_of(::rename(path("write/file").c_str(), path("write/other").c_str())); }),
            "done");
  EXPECT_NE(confined(usual(), [&] { return name_of(::rename(path("write/other").c_str(), path("other/new").c_str())); }), "done");
  EXPECT_NE(confined(usual(), [&] { return name_of(::unlink(path("other/file").c_str())); }), "done");
}

// Goal: names are seen where names alone were asked for.
TEST_F(ConfineTest, a_directory_is_listed_and_its_files_stay_closed) {
  if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  Confinement names;
  names.list = {path("other")};
  EXPECT_EQ(confined(names, [&] { return open_as(path("other"), O_RDONLY | O_DIRECTORY); }), "done");
  EXPECT_EQ(confined(names, [&] { return open_as(path("other/file"), O_RDONLY); }), "EACCES");
}

// Goal: a link in a directory that may be read leads to nothing that may not, and a file that was named is not its directory.
TEST_F(ConfineTest, a_link_leads_nowhere_else) {
  if (!has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  std::filesystem::create_symlink(path("other/file"), path("read/link"));
  EXPECT_EQ(confined(usual(), [&] { return open_as(path("read/link"), O_RDONLY); }), "EACCES");
  Confinement one_file;
  one_file.read = {path("read/file")};
  EXPECT_EQ(confined(one_file, [&] { return open_as(path("read/file"), O_RDONLY); }), "done");
  EXPECT_EQ(confined(one_file, [&] { return open_as(path("read"), O_RDONLY | O_DIRECTORY); }), "EACCES");
}

// Goal: a thread that is started later is no way out.
TEST_F(ConfineTest, threads_are_confined_with_the_process) {
  std::string file = "untried";
  std::string call = "untried";
  const std::string answer = confined(usual(), [&] {
    std::thread([&] {
      file = open_as(path("other/file"), O_RDONLY);
      call = name_of(::mount("none", path("write").c_str(), "tmpfs", 0, nullptr));
    }).join();
    return file + " " + call;
  });
  EXPECT_EQ(answer, std::string(has_landlock() ? "EACCES" : "done") + " " + "EPERM");
}

// Goal: who has threads already is told so, as they would stay free.
TEST_F(ConfineTest, a_process_with_threads_is_refused) {
  const std::string answer = in_child([] {
    std::string said;
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return said;
    std::thread waiting([&] {
      char byte = 0;
      if (::read(ends[0], &byte, 1) != 0) ::_exit(1);
    });
    const auto confined = confine({});
    said = confined ? "confined" : std::string(code_name(confined.error().code));
    ::close(ends[1]);
    waiting.join();
    return said;
  });
  EXPECT_EQ(answer, "internal");
}

// Goal: what a server never does is refused, for root too, and what a library tries is answered as by an older kernel.
TEST_F(ConfineTest, system_calls_are_those_of_a_server) {
  if (!has_seccomp()) GTEST_SKIP() << "this kernel has no seccomp";
  const auto call = [&](auto... words) { return confined(usual(), [&] { return name_of(::syscall(words...)); }); };
  EXPECT_EQ(call(SYS_unshare, CLONE_NEWUSER), "EPERM");
  EXPECT_EQ(call(SYS_memfd_create, "program", 0), "EPERM");
  EXPECT_EQ(call(SYS_bpf, 0, nullptr, 0), "EPERM");
  EXPECT_EQ(call(SYS_keyctl, 0, 0), "EPERM");
  EXPECT_EQ(call(SYS_io_uring_setup, 1, nullptr), "EPERM");
  EXPECT_EQ(call(SYS_setuid, 0), "EPERM");
  EXPECT_EQ(call(SYS_chroot, "/"), "EPERM");
  EXPECT_EQ(call(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr), "EPERM");
  EXPECT_EQ(call(SYS_clone3, nullptr, 0), "ENOSYS");
  EXPECT_EQ(call(451, nullptr, 0), "ENOSYS") << "cachestat, of Linux 6.5";
  EXPECT_EQ(call(SYS_socket, AF_PACKET, SOCK_RAW, 0), "EPERM");
  EXPECT_EQ(call(SYS_socket, AF_INET, SOCK_STREAM, 0), "done");
  EXPECT_EQ(call(SYS_ioctl, STDIN_FILENO, 0x5412, "x"), "EPERM") << "TIOCSTI";
  EXPECT_EQ(call(SYS_ioctl, STDIN_FILENO, 0x1'0000'5412, "x"), "EPERM") << "of which the kernel reads 32 bits";
  if (!kSanitized) EXPECT_EQ(call(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr), "EPERM");
}

// Goal: the programs that were named run, others do not; without any there is no other process.
TEST_F(ConfineTest, programs_are_those_that_were_named) {
  const std::string program = std::filesystem::canonical("/bin/true");
  const std::string other = std::filesystem::canonical("/bin/ls");
  Confinement runs = usual();
  runs.run = {program};
  EXPECT_EQ(confined(runs, [&] { return run(program); }), "ran");
  if (has_landlock()) EXPECT_EQ(confined(runs, [&] { return run(other); }), "EACCES");
  if (has_seccomp() && !kSanitized) EXPECT_EQ(confined(usual(), [&] { return run(program); }), "EPERM");
}

// Goal: a program that is run is as confined as who ran it.
TEST_F(ConfineTest, programs_that_run_are_confined) {
  if (!has_landlock() || kSanitized) GTEST_SKIP() << "cat is not built for it";
  Confinement runs = usual();
  runs.run = {std::filesystem::canonical("/bin/cat")};
  const auto cat = [&](const std::string& file) {
    return confined(runs, [&] {
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(STDERR_FILENO);
        ::execl(runs.run.front().c_str(), "cat", path(file).c_str(), nullptr);
        ::_exit(126);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      return std::to_string(WEXITSTATUS(status));
    });
  };
  EXPECT_EQ(cat("read/file"), "0");
  EXPECT_EQ(cat("other/file"), "1");
}

// Goal: no way out by the network where none is needed.
TEST_F(ConfineTest, connections_are_opened_when_that_was_said) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&here), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&here), &size), 0);
  const auto connect = [&] {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return name_of(::connect(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here));
  };
  Confinement connects;
  connects.connects = true;
  EXPECT_EQ(confined(connects, connect), "done");
  const std::string abi = in_child([] { return std::to_string(confine({})->landlock_abi); });
  if (std::stoi(abi) >= 4) EXPECT_EQ(confined({}, connect), "EACCES");
  ::close(listener);
}

// Goal: no core dump, no privilege to come, and from Linux 6.3 on no memory that becomes code.
TEST_F(ConfineTest, the_process_keeps_its_memory_to_itself) {
  const std::string answer = confined({}, [] {
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    return std::to_string(core.rlim_max) + " " + std::to_string(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) + " " +
           std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  });
  EXPECT_EQ(answer, "0 0 1");
}

std::string status_lines() {
  std::ifstream status("/proc/self/status");
  std::string answer;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Uid") || line.starts_with("Groups") || line.starts_with("CapPrm") || line.starts_with("CapEff") ||
        line.starts_with("CapBnd") || line.starts_with("CapInh") || line.starts_with("CapAmb"))
      answer += line + "\n";
  }
  return answer;
}

// Goal: root becomes another for good and keeps the one capability that was asked for.
TEST(PrivilegesTest, root_becomes_another_for_good) {
  if (!is_root()) GTEST_SKIP() << "only root becomes another";
  const auto user = find_user("nobody");
  ASSERT_TRUE(user.ok()) << user.error().message;
  const std::string uid = std::to_string(user->uid);
  const std::string answer = in_child([&] {
    const Status done = limit_privileges(*user, {CAP_NET_BIND_SERVICE});
    return done ? status_lines() : done.error().message;
  });
  EXPECT_NE(answer.find("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid), std::string::npos) << answer;
  for (const char* set : {"CapPrm", "CapEff", "CapBnd"})
    EXPECT_NE(answer.find(std::string(set) + ":\t0000000000000400"), std::string::npos) << answer;
  for (const char* set : {"CapInh", "CapAmb"})
    EXPECT_NE(answer.find(std::string(set) + ":\t0000000000000000"), std::string::npos) << answer;
  EXPECT_EQ(in_child([&] { return limit_privileges(*user, {}) ? name_of(::setuid(0)) : "failed"; }), "EPERM");
}

// Goal: root that stays root keeps what was named.
TEST(PrivilegesTest, root_gives_up_what_was_not_named) {
  if (!is_root()) GTEST_SKIP() << "others have nothing to give up";
  const std::string answer = in_child([] { return limit_privileges(std::nullopt, {}) ? status_lines() : "failed"; });
  EXPECT_NE(answer.find("CapEff:\t0000000000000000"), std::string::npos) << answer;
  EXPECT_NE(answer.find("CapBnd:\t0000000000000000"), std::string::npos) << answer;
}

// Goal: who is not root and asks for another user is told, and so is who asks for nobody.
TEST(PrivilegesTest, what_cannot_be_is_said) {
  const auto nobody = find_user("nobody");
  ASSERT_TRUE(nobody.ok());
  const auto root = find_user("root");
  ASSERT_TRUE(root.ok());
  const std::string answer = in_child([&] {
    if (is_root() && !limit_privileges(*nobody, {})) return std::string("failed");
    const Status done = limit_privileges(*root, {});
    return done ? "became root" : std::string(code_name(done.error().code));
  });
  EXPECT_EQ(answer, "denied");
  const auto absent = find_user("no-such-user");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace stele::confine
