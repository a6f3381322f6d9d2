#include "agent/file_names.h"

#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <memory>

namespace stele::agent {
namespace {

template <typename F>
void for_each_name(const std::string& directory, F&& f) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), &::closedir);
  if (handle == nullptr) return;
  while (const dirent* entry = ::readdir(handle.get())) f(std::string_view(entry->d_name), entry->d_ino);
}

bool has_wildcards(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

// Of names that change meanwhile some are listed twice, some never.
std::vector<Sibling> list_siblings(const std::string& path) {
  std::vector<Sibling> out;
  const std::string directory = directory_of(path);
  for_each_name(directory, [&](std::string_view name, ino_t) {
    if (!is_rotated_name(name, base_of(path))) return;
    Sibling sibling;
    sibling.path = directory + "/" + std::string(name);
    struct stat st {};
    if (::stat(sibling.path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return;
    sibling.file = identity_of(st);
    sibling.modified = modified_of(st);
    sibling.size = static_cast<std::uint64_t>(st.st_size);
    out.push_back(std::move(sibling));
  });
  std::sort(out.begin(), out.end(), [](const Sibling& a, const Sibling& b) { return a.path < b.path; });
  return out;
}

}  // namespace

bool is_compressed_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kSuffixes{".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool is_rotated_name(std::string_view name, std::string_view base) {
  if (name.size() < base.size() + 2 || !name.starts_with(base) || is_compressed_name(name)) return false;
  const std::string_view rest = name.substr(base.size());
  if (rest[0] != '.' && rest[0] != '-' && rest[0] != '_') return false;
  if (rest == ".old" || rest == ".bak") return true;
  return rest.find_first_not_of("0123456789.-_T") == std::string_view::npos;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> expand_pattern(const std::string& pattern) {
  if (!has_wildcards(pattern)) return {pattern};
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      if (!is_compressed_name(found.gl_pathv[i])) out.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  return out;
}

bool matches_pattern(const std::string& pattern, const std::string& path) {
  return pattern == path || ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

bool was_rotated_before(const Sibling& a, const Sibling& b) {
  if (a.modified != b.modified) return a.modified < b.modified;
  return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
}

std::vector<Sibling> rotated_siblings(const std::string& path) {
  constexpr int kTries = 20;
  const auto is_same = [](const Sibling& a, const Sibling& b) { return a.path == b.path && a.file == b.file; };
  std::vector<Sibling> out = list_siblings(path);
  for (int i = 0; i < kTries; ++i) {
    std::vector<Sibling> again = list_siblings(path);
    const bool is_stable = std::equal(out.begin(), out.end(), again.begin(), again.end(), is_same);
    out = std::move(again);
    if (is_stable) break;
  }
  std::sort(out.begin(), out.end(), &was_rotated_before);
  return out;
}

std::string find_by_identity(const std::string& path, const FileIdentity& file) {
  std::string out;
  const auto look_at = [&](const std::string& candidate) {
    struct stat st {};
    if (::stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode) && identity_of(st) == file) out = candidate;
  };
  look_at(path);
  if (!out.empty()) return out;
  const std::string directory = directory_of(path);
  for_each_name(directory, [&](std::string_view name, ino_t inode) {
    if (out.empty() && inode == file.inode && !is_compressed_name(name)) look_at(directory + "/" + std::string(name));
  });
  return out;
}

}  // namespace stele::agent
