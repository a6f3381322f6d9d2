#include "io/clock_discipline.h"

#include <sys/timex.h>

#include <cerrno>
#include <string>

#include "base/os_error.h"

namespace stele::io {

Result<ClockDiscipline> clock_discipline() {
  timex state{};
  const int answer = ::adjtimex(&state);  // modes 0: nothing is set
  if (answer == -1) return os_error("adjtimex");
  constexpr std::int64_t kMicro = 1'000;
  ClockDiscipline out;
  out.synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  out.max_error_nanos = state.maxerror * kMicro;
  out.estimated_error_nanos = state.esterror * kMicro;
  return out;
}

}  // namespace stele::io
