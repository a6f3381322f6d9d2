#include "agent/journal_library.h"

#include <dlfcn.h>

#include <string>

namespace stele::agent {
namespace {

// Loads a function; notes its name where there is none.
class Loader {
 public:
  explicit Loader(void* handle) : handle_(handle) {}
  template <typename F>
  void load(const char* name, F*& out) {
    out = reinterpret_cast<F*>(::dlsym(handle_, name));
    if (out == nullptr) missing_ = name;
  }
  [[nodiscard]] const std::string& missing() const { return missing_; }

 private:
  void* handle_;
  std::string missing_;
};

Result<const JournalLibrary*> load() {
  void* handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error{Code::kNotFound, std::string("the journal needs libsystemd: ") + ::dlerror()};
  static JournalLibrary library{};
  Loader loader(handle);
  loader.load("sd_journal_open", library.open);
  loader.load("sd_journal_open_directory", library.open_directory);
  loader.load("sd_journal_close", library.close);
  loader.load("sd_journal_next", library.next);
  loader.load("sd_journal_seek_head", library.seek_head);
  loader.load("sd_journal_seek_cursor", library.seek_cursor);
  loader.load("sd_journal_test_cursor", library.test_cursor);
  loader.load("sd_journal_get_cursor", library.get_cursor);
  loader.load("sd_journal_get_realtime_usec", library.get_realtime_usec);
  loader.load("sd_journal_get_monotonic_usec", library.get_monotonic_usec);
  loader.load("sd_journal_restart_data", library.restart_data);
  loader.load("sd_journal_enumerate_available_data", library.enumerate_data);
  loader.load("sd_journal_set_data_threshold", library.set_data_threshold);
  loader.load("sd_journal_get_fd", library.get_fd);
  loader.load("sd_journal_process", library.process);
  if (!loader.missing().empty()) return Error{Code::kNotFound, "this machine's libsystemd has no " + loader.missing()};
  return &library;
}

}  // namespace

Result<const JournalLibrary*> journal_library() {
  static const Result<const JournalLibrary*> loaded = load();
  return loaded;
}

}  // namespace stele::agent
