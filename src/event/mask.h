// Entries for whoever may not see all of their fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stele::event {

// Whether what stands at `path` is at, or below, one of the masked paths.
bool is_masked(std::string_view path, const std::vector<std::string>& masked);

// Takes the values of fields out of entries. Pure.
class Mask {
 public:
  // Paths as docs/formats/query.md has them. `original`, which may say everything once more, is one of them in any case.
  explicit Mask(std::vector<std::string> paths);

  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

  // The entry with "[masked]" in place of what stands at these paths and below, and at its end `masked`, which lists them,
  // and `verifiable`, which is false: it is not what was hashed.
  [[nodiscard]] std::string of(std::string_view entry) const;

 private:
  std::vector<std::string> paths_;
};

}  // namespace stele::event
