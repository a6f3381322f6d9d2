#include "server/data_dir.h"

#include <set>

#include "base/bytes.h"
#include "event/json_tape.h"
#include "log/names.h"

namespace stele::server {
namespace {

constexpr std::string_view kVersion = "{\"stele_data\":1}\n";
constexpr std::int64_t kMinute = 60 * kSecond;

// kInvalid when something of others is in it: nothing is written there.
Status check_ours(io::FileSystem& fs, const DataLayout& layout) {
  if (fs.exists(layout.version_file())) return {};
  STELE_ASSIGN(const auto names, fs.list(layout.root));
  for (const std::string& name : names) {
    if (name == "lock" || name == "stele.json.new") continue;  // what a start leaves behind
    const std::string why =
        " is not a data directory of Stele: it has no stele.json, but " + name + "; choose an empty or a new one";
    // Looked at again: another process may just have begun.
    return fs.exists(layout.version_file()) ? Status() : invalid(layout.root + why);
  }
  return {};
}

Status check_version(io::FileSystem& fs, const DataLayout& layout) {
  if (!fs.exists(layout.version_file())) return io::write_file(fs, layout.version_file(), kVersion, 0600);
  STELE_ASSIGN(const std::string text, io::read_file(fs, layout.version_file(), 4096));
  if (text == kVersion) return {};
  return invalid(layout.version_file() + ": this program reads data directories of version 1; it says " + text.substr(0, 80));
}

// The key of sealed values; made when there is none.
Result<log::SealingKey> sealing_key(io::FileSystem& fs, const std::string& path, Random& random) {
  constexpr std::uint64_t kBytesMax = 4096;
  if (fs.exists(path)) {
    STELE_ASSIGN(const std::string text, io::read_file(fs, path, kBytesMax));
    auto key = log::parse_sealing_key(text);
    if (!key) return key.error().in(path);
    return key;
  }
  log::SealingKey key;
  random.fill(key.key);
  STELE_TRY(io::write_file(fs, path, log::sealing_key_text(key), 0600));
  return key;
}

}  // namespace

Result<std::unique_ptr<io::Lock>> lock_data_dir(io::FileSystem& fs, const DataLayout& layout) {
  STELE_TRY(fs.make_dirs(layout.root));
  STELE_TRY(check_ours(fs, layout));
  auto lock = fs.lock(layout.lock_file());
  if (!lock) {
    if (lock.error().code == Code::kBusy) return Error{Code::kBusy, layout.root + " is in use by another Stele process"};
    return lock.error();
  }
  STELE_TRY(check_version(fs, layout));
  return lock;
}

Result<std::vector<std::string>> log_names(io::FileSystem& fs, const Config& config) {
  std::set<std::string, log::LogOrder> names(config.logs.begin(), config.logs.end());
  names.emplace(log::kMainLog);
  names.emplace(log::kAuditLog);
  const std::string logs = DataLayout(config).logs_dir();
  if (fs.exists(logs)) {
    STELE_ASSIGN(const auto found, fs.list(logs));
    for (const std::string& name : found) {
      if (log::is_log_name(name)) names.insert(name);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::unique_ptr<log::Sequencer>> open_log(LogFiles& files, const Config& config, const std::string& name,
                                                 const Clock& clock, Random& random) {
  const DataLayout layout(config);
  io::FileSystem& fs = files.plain();
  // Keys that lie elsewhere are protected by that: they can be used again when all of this is lost, keyrings too.
  const bool has_own_keys = config.keys.empty();
  io::FileSystem& key_files = has_own_keys ? files.contents() : fs;
  if (has_own_keys) {
    STELE_TRY(files.encrypt(layout.key_file(name), "PRIVATE+KEY+"));
    STELE_TRY(files.encrypt(layout.sealing_key_file(name), "stele-sealing-key+"));
  }
  const std::string dir = layout.log_dir(name);
  STELE_ASSIGN(const bool created, log::is_created(fs, dir, layout.key_file(name)));
  if (!created) {
    std::string origin = config.origin;
    if (!origin.empty() && name != log::kMainLog) origin += "/" + name;
    if (origin.empty()) {
      std::uint8_t noise[8];
      random.fill(noise);
      origin = "stele.local/" + name + "/" + hex_encode(std::as_bytes(std::span(noise)));
    }
    STELE_ASSIGN(const auto identity, log::create_identity(fs, key_files, dir, layout.key_file(name), origin, clock, random));
    (void)identity;
  }
  log::StoreOptions options;
  options.seal_bytes = config.seal_bytes;
  options.seal_age = static_cast<UnixNanos>(config.seal_minutes) * kMinute;
  options.window_span = static_cast<UnixNanos>(config.window_minutes) * kMinute;
  options.window_keys_max = config.window_ids;
  STELE_ASSIGN(options.sealing_key, sealing_key(key_files, layout.sealing_key_file(name), random));
  options.ring = files.ring();
  options.random = &random;
  const auto open = [&key_files, &fs, dir, options, key_file = layout.key_file(name),
                     &clock]() -> Result<std::unique_ptr<log::Store>> {
    STELE_ASSIGN(const auto identity, log::read_identity(fs, dir));
    STELE_ASSIGN(auto signer, log::read_signing_key(key_files, key_file, identity));
    return log::Store::open(fs, dir, options, std::move(signer), clock);
  };
  log::SequencerOptions sequencing;
  sequencing.queue_bytes_max = config.queue_bytes;
  sequencing.publish_every = static_cast<std::int64_t>(config.publish_millis) * 1'000'000;
  return log::Sequencer::start(open, sequencing, clock, random);
}

}  // namespace stele::server
