// A file or standard input that is appended, and how far that came in earlier runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/progress_file.h"

namespace stele::cli {

class AppendInput {
 public:
  // `path` "-" is standard input. Without a `source` name its events stand under the file's name, or "stdin".
  static Result<AppendInput> open(const std::string& path, const std::string& source);
  ~AppendInput();
  AppendInput(AppendInput&& other) noexcept;
  AppendInput& operator=(AppendInput&&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_; }
  // Nothing for a pipe, whose events cannot be read again.
  [[nodiscard]] const std::optional<FileIdentity>& identity() const { return identity_; }

  // Takes up what an earlier run left for the log with that origin, unless `restart`. kConflict when what it left does not
  // fit this file, log and source.
  Status begin(const std::string& origin, bool restart);
  // What an earlier run had stored already.
  [[nodiscard]] std::uint64_t stored_earlier() const { return stored_earlier_; }

  // Of all runs together. The caller counts in it.
  Progress progress;

  // Keeps `progress` for a next run, durably.
  [[nodiscard]] Status keep_progress() const;
  // All is done: nothing is left for a next run.
  void forget_progress() const;

 private:
  AppendInput() = default;
  [[nodiscard]] std::string progress_path() const { return name_ + ".stele-progress"; }
  Status check_line_end() const;

  std::string name_;
  int fd_ = -1;
  std::optional<FileIdentity> identity_;
  std::uint64_t stored_earlier_ = 0;
};

}  // namespace stele::cli
