#include "crash/test_log.h"

#include "log/identity.h"

namespace stele::testing {
namespace {

std::string key_path(const std::string& dir) { return dir + "/key"; }

}  // namespace

Result<log::Identity> create_test_log(io::FileSystem& fs, const std::string& dir, std::uint64_t seed) {
  const HandClock clock;
  SeededRandom random(seed);
  return log::create_identity(fs, fs, dir, key_path(dir), "crash.example/log", clock, random);
}

Result<std::unique_ptr<log::Store>> open_test_log(io::FileSystem& fs, const std::string& dir, const log::StoreOptions& options,
                                                  const Clock& clock) {
  STELE_ASSIGN(const auto identity, log::read_identity(fs, dir));
  STELE_ASSIGN(auto signer, log::read_signing_key(fs, key_path(dir), identity));
  return log::Store::open(fs, dir, options, std::move(signer), clock);
}

log::StoreOptions small_options() {
  log::StoreOptions options;
  options.journal.first_file_bytes = 8U << 10;
  options.journal.file_bytes_max = 64U << 10;
  options.seal_bytes = 64U << 10;
  options.seal_age = 30 * kSecond;
  options.window_span = 60 * kSecond;
  options.window_keys_max = 2'000;
  return options;
}

}  // namespace stele::testing
