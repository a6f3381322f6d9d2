#include "server/encrypt_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>
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
    STELE_TRY(encrypt_files(*files, log_dir + "/segments", ".segment", "STELESEG"));
    STELE_TRY(encrypt_files(*files, log_dir + "/window", ".keys", "STELEKEY"));
    STELE_TRY(encrypt_files(*files, layout_.index_dir(name), ".index", ""));
    const std::string check = layout_.index_dir(name) + "/check";  // what a check that was ended left
    if (files->plain().exists(check)) STELE_TRY(remove_files(*files, check, ""));
    for (const std::string& path : {layout_.ledger_file(name), layout_.notify_file(name)})
      STELE_TRY(encrypt_one(*files, path, "{"));
    if (name == log::kAuditLog) {
      for (const std::string& path : {layout_.credentials_file(), layout_.last_uses_file()})
        STELE_TRY(encrypt_one(*files, path, "{"));
    }
    STELE_TRY(encrypt_values(*files, log_dir + "/apart"));
    return renew_journal(*files, name);
  }

  // What a crash left of files on their way goes too.
  Status encrypt_one(LogFiles& files, const std::string& path, std::string_view begins) {
    const std::string staged = path + ".new";
    if (files.plain().exists(staged)) STELE_TRY(files.plain().remove(staged));
    if (!files.plain().exists(path)) return {};
    tell_(path);
    STELE_ASSIGN(const bool is_done, files.encrypt(path, begins));
    if (!is_done) return {};
    STELE_ASSIGN(const auto file, files.plain().open_read(path));
    STELE_ASSIGN(const std::uint64_t bytes, file->size());
    ++done_.files;
    done_.bytes += bytes;
    return {};
  }

  Status encrypt_files(LogFiles& files, const std::string& dir, std::string_view suffix, std::string_view begins) {
    if (!files.plain().exists(dir)) return {};
    STELE_TRY(remove_files(files, dir, ".new"));
    STELE_ASSIGN(const auto names, files.plain().list(dir));
    for (const std::string& name : names) {
      if (name.ends_with(suffix)) STELE_TRY(encrypt_one(files, dir + "/" + name, begins));
    }
    return {};
  }

  Status remove_files(LogFiles& files, const std::string& dir, std::string_view suffix) {
    STELE_ASSIGN(const auto names, files.plain().list(dir));
    for (const std::string& name : names) {
      if (name.ends_with(suffix)) STELE_TRY(files.plain().remove(dir + "/" + name));
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
  struct stat st {};
  if (::stat(config.data.c_str(), &st) == 0 && st.st_uid != ::geteuid())
    return invalid(config.data +
                   " belongs to another user, whose server could not read what is written here: run this as that user");
  STELE_ASSIGN(const auto lock, lock_data_dir(io::posix(), layout));
  return Encrypter(config, masters, tell).run();
}

}  // namespace stele::server
