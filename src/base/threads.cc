#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>

namespace stele {

void name_this_thread(const char* name) {
  constexpr std::size_t kBytesMax = 15;
  (void)::pthread_setname_np(::pthread_self(), std::string(name).substr(0, kBytesMax).c_str());
}

// Linux keeps a nice value for each thread, whatever POSIX says (setpriority(2), "C library/kernel differences").
void work_in_background(int nice) { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice); }

// Whoever gave the thread another policy knows why: that stays, and so does its nice value.
void work_promptly() {
  struct {  // struct sched_attr of the kernel, in its first version
    std::uint32_t size = 48;
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  // ns; of SCHED_OTHER the slice
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
  } attributes;
  static_assert(sizeof attributes == 48);
  constexpr std::uint64_t kSliceLeast = 100'000;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.policy != SCHED_OTHER) return;
  attributes.runtime = kSliceLeast;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

Pacer::Duration Pacer::since_rest() const {
  constexpr Duration kWorkedMax = 10 * kStretch;  // more, and the whole process was stopped
  return std::min(std::chrono::steady_clock::now() - began_, kWorkedMax);
}

void Pacer::rest(Duration worked, unsigned times) {
  if (times > 0) std::this_thread::sleep_for(worked * times);
  began_ = std::chrono::steady_clock::now();
}

}  // namespace stele
