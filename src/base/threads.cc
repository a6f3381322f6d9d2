#include "base/threads.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace stele {

void name_this_thread(const char* name) {
  constexpr std::size_t kBytesMax = 15;
  (void)::pthread_setname_np(::pthread_self(), std::string(name).substr(0, kBytesMax).c_str());
}

// Linux keeps a nice value for each thread, whatever POSIX says (setpriority(2), "C library/kernel differences").
void work_in_background() {
  constexpr int kNice = 10;
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

void Pacer::breathe(unsigned times) {
  constexpr std::chrono::microseconds kStretch{500};
  const auto worked = std::chrono::steady_clock::now() - began_;
  if (worked < kStretch) return;
  if (times > 0) std::this_thread::sleep_for(worked * times);
  began_ = std::chrono::steady_clock::now();
}

}  // namespace stele
