// How far the machine's clock may be from the true time, as the kernel was told by whoever keeps it (adjtimex(2)).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace stele::io {

struct ClockDiscipline {
  bool synchronised = false;         // somebody keeps it, and did lately (STA_UNSYNC is not set)
  std::int64_t max_error_nanos = 0;  // bound of its error; it grows by 500 ppm until it is set again
  std::int64_t estimated_error_nanos = 0;
};

// chronyd (with rtcsync, as Debian has it), ntpd, systemd-timesyncd and PTP daemons all tell the kernel. kIo when it does not
// say.
Result<ClockDiscipline> clock_discipline();

}  // namespace stele::io
