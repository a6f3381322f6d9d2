// A log's directory, verified byte by byte. Read-only; works beside a live server, on a closed or a killed one.
#pragma once

#include <string>

#include "base/result.h"
#include "io/file.h"
#include "verify/report.h"

namespace stele::verify {

// Rereads every payload byte of the log in `log_dir`, recomputes every hash, and holds every segment, tree file, frame
// and kept checkpoint against them. Findings go to `report`; an error means that it could not be checked.
Status verify_directory(io::FileSystem& fs, const std::string& log_dir, const Options& options, Report& report);

}  // namespace stele::verify
