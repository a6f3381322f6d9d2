// The functions of libsystemd that read a journal (sd-journal(3)), loaded when they are first wanted: the program itself runs
// where there is no systemd, and is built without its headers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"

struct sd_journal;  // systemd's

namespace stele::agent {

struct BootId {
  std::array<std::uint8_t, 16> bytes{};  // sd_id128_t
};

// Each returns a negative errno where it fails.
struct JournalLibrary {
  int (*open)(sd_journal**, int flags);
  int (*open_directory)(sd_journal**, const char* path, int flags);
  void (*close)(sd_journal*);
  int (*next)(sd_journal*);  // 1, or 0 at the end
  int (*seek_head)(sd_journal*);
  int (*seek_cursor)(sd_journal*, const char*);
  int (*test_cursor)(sd_journal*, const char*);
  int (*get_cursor)(sd_journal*, char**);  // to be freed
  int (*get_realtime_usec)(sd_journal*, std::uint64_t*);
  int (*get_monotonic_usec)(sd_journal*, std::uint64_t*, BootId*);
  void (*restart_data)(sd_journal*);
  int (*enumerate_data)(sd_journal*, const void**, std::size_t*);  // 1, or 0 at the end
  int (*set_data_threshold)(sd_journal*, std::size_t);
  int (*get_fd)(sd_journal*);
  int (*process)(sd_journal*);
};

// Lives for ever. kNotFound, with what the loader says, when the machine has no libsystemd.so.0 of version 246 or later.
Result<const JournalLibrary*> journal_library();

}  // namespace stele::agent
