#include "server/encrypt_directory.h"

#include <memory>
#include <vector>

#include "crypto/random.h"
#include "log/apart_store.h"
#include "log/names.h"
#include "server/data_dir.h"
#include "server/log_files.h"

namespace stele::server {
namespace {

class Encrypter {
 public:
  Encrypter(const Config& config, const keyring::MasterKeys& masters, const std::function<void(const std::string&)>& tell)
      : config_(config), layout_(config), masters_(masters), tell_(tell) {}

  Result<EncryptedDirectory> run() {
    STELE_ASSIGN(const auto names, log_names(io::posix(), config_));
    for (const std::string& name : names) {
      const Status done = encrypt_log(name);
      if (!done) return done.error().in("log " + name);
    }
    return done_;
  }

 private:
  Status encrypt_log(const std::string& name) {
    STELE_ASSIGN(const auto files, LogFiles::open(config_, name, masters_));
    const std::string log_dir = layout_.log_dir(name);
    for (const std::string& dir : {log_dir + "/segments", log_dir + "/window", layout_.index_dir(name)})
      STELE_TRY(encrypt_files(*files, dir));
    std::vector<std::string> small{layout_.key_file(name), layout_.sealing_key_file(name), layout_.ledger_file(name),
                                   layout_.notify_file(name)};
    if (name == log::kAuditLog) small.push_back(layout_.credentials_file());
    for (const std::string& path : small) STELE_TRY(encrypt_one(*files, path));
    STELE_TRY(encrypt_values(*files, log_dir + "/apart"));
    return renew_journal(*files, name);
  }

  Status encrypt_one(LogFiles& files, const std::string& path) {
    if (!files.plain().exists(path)) return {};
    STELE_ASSIGN(const bool is_done, keyring::is_encrypted(files.plain(), path));
    if (is_done) return {};
    tell_(path);
    STELE_TRY(files.encrypt(path));
    STELE_ASSIGN(const auto file, files.plain().open_read(path));
    STELE_ASSIGN(const std::uint64_t bytes, file->size());
    ++done_.files;
    done_.bytes += bytes;
    return {};
  }

  Status encrypt_files(LogFiles& files, const std::string& dir) {
    if (!files.plain().exists(dir)) return {};
    STELE_ASSIGN(const auto names, files.plain().list(dir));
    for (const std::string& name : names) {
      const bool is_file = name.ends_with(".segment") || name.ends_with(".keys") || name.ends_with(".index");
      if (is_file) STELE_TRY(encrypt_one(files, dir + "/" + name));
    }
    return {};
  }

  Status encrypt_values(LogFiles& files, const std::string& dir) {
    STELE_ASSIGN(const auto names, log::list_apart_files(files.plain(), dir));
    for (const std::string& name : names) {
      tell_(dir + "/" + name);
      STELE_ASSIGN(const std::uint64_t values, log::encrypt_attachments(files.plain(), dir + "/" + name, {{}, files.ring()}));
      done_.values += values;
    }
    return {};
  }

  // Opening writes anew what no segment holds, and an orderly end takes away what is free.
  Status renew_journal(LogFiles& files, const std::string& name) {
    STELE_ASSIGN(const auto log, open_log(files, config_, name, system_clock(), crypto::system_random()));
    log->drain();
    const auto store = log->store();
    STELE_ASSIGN(const auto journal, log::scan_journal(files.plain(), layout_.log_dir(name) + "/journal", store->identity().id,
                                                       store->sealed_size(), files.ring().get()));
    for (const log::FoundFrame& frame : journal.chain) done_.waiting += frame.header.encryption ? 0 : frame.header.count;
    return {};
  }

  const Config& config_;
  DataLayout layout_;
  const keyring::MasterKeys& masters_;
  const std::function<void(const std::string&)>& tell_;
  EncryptedDirectory done_;
};

}  // namespace

Result<EncryptedDirectory> encrypt_directory(const Config& config, const keyring::MasterKeys& masters,
                                             const std::function<void(const std::string&)>& tell) {
  STELE_TRY(check_config(config));
  if (masters.empty()) return invalid("there is no master key: say with --master-key where it is");
  const DataLayout layout(config);
  if (!io::posix().exists(layout.version_file())) return Error{Code::kNotFound, config.data + " is no data directory of Stele"};
  STELE_ASSIGN(const auto lock, lock_data_dir(io::posix(), layout));
  return Encrypter(config, masters, tell).run();
}

}  // namespace stele::server
