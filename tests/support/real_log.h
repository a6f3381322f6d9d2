// A log on the disk, in a folder of its own, that a test writes to.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "crypto/random.h"
#include "log/identity.h"
#include "log/sequencer.h"
#include "support/temp_folder.h"

namespace stele::testing {

class RealLog {
 public:
  // Makes the log and opens it.
  explicit RealLog(log::StoreOptions options = {}) : options_(options) {
    io::FileSystem& fs = io::posix();
    EXPECT_TRUE(fs.make_dirs(folder_.path("log")));
    EXPECT_TRUE(fs.make_dirs(folder_.path("keys")));
    const auto created = log::create_identity(fs, fs, folder_.path("log"), folder_.path("keys/log.key"), "log.example/test",
                                              system_clock(), crypto::system_random());
    EXPECT_TRUE(created) << created.error().message;
    open();
  }

  // Anew, when it is open; what uses it is to have ended.
  void open() {
    log_.reset();
    auto started = log::Sequencer::start(
        [this]() -> Result<std::unique_ptr<log::Store>> {
          STELE_ASSIGN(const auto identity, log::read_identity(io::posix(), folder_.path("log")));
          STELE_ASSIGN(auto signer, log::read_signing_key(io::posix(), folder_.path("keys/log.key"), identity));
          return log::Store::open(io::posix(), folder_.path("log"), options_, std::move(signer), system_clock());
        },
        {}, system_clock(), crypto::system_random());
    ASSERT_TRUE(started) << started.error().message;
    log_ = std::move(*started);
  }

  // Whether it was acknowledged.
  [[nodiscard]] bool write(event::EntryBatch batch) {
    std::promise<bool> promise;
    log_->submit(std::move(batch), false, [&](const Result<log::Delivered>& result) { promise.set_value(result.ok()); });
    return promise.get_future().get();
  }

  log::Sequencer& operator*() { return *log_; }
  log::Sequencer* operator->() { return log_.get(); }
  // In the folder, beside the log's own: for what a test keeps.
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

 private:
  TempFolder folder_;
  log::StoreOptions options_;
  std::unique_ptr<log::Sequencer> log_;
};

}  // namespace stele::testing
