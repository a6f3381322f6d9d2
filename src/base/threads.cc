#include "base/threads.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

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

}  // namespace stele
