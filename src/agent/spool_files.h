// The files of a spool's folder, by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file.h"

namespace stele::agent {

// "0000000012.spool"
std::string spool_file_name(std::uint64_t number);
// The numbers of those that are there, ascending.
Result<std::vector<std::uint64_t>> list_spool_files(io::FileSystem& fs, const std::string& dir);
// Moves a file with damage into the folder `damaged`, for people to look at.
Status keep_damaged(io::FileSystem& fs, const std::string& dir, std::uint64_t number);

}  // namespace stele::agent
