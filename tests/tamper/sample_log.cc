#include "tamper/sample_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/sha256.h"
#include "event/entry.h"
#include "support/test_ring.h"
#include "verify/directory.h"

namespace stele::testing {
namespace {

class Maker {
 public:
  explicit Maker(const LogPlan& plan) : plan_(plan), fs_(plan.seed), random_(mix64(plan.seed)), prng_(mix64(plan.seed, 7)) {
    log_.dir = "logs/main";
    log_.identity = log::create_identity(fs_, fs_, log_.dir, "keys/main.key", "tamper.example/log", clock_, random_).value();
    log_.private_key = io::read_file(fs_, "keys/main.key", 4096).value();
    log_.private_key.pop_back();
    options_.journal.first_file_bytes = 32U << 10;
    options_.journal.file_bytes_max = 128U << 10;
    options_.seal_bytes = plan.seal_bytes;
    if (!plan.encrypted) return;
    options_.ring = test_ring();
    options_.random = &random_;
    log_.options.keys.ring = options_.ring;
  }

  SampleLog make() {
    open();
    const std::uint64_t sealing = plan_.entries - plan_.tail_entries;
    while (store_->size() < plan_.entries) {
      const bool in_tail = store_->size() >= sealing;
      const std::uint64_t left = (in_tail ? plan_.entries : sealing) - store_->size();
      commit(std::min(left, 1 + prng_.below(in_tail ? plan_.tail_entries / 8 : plan_.commit_entries_max)));
      const bool unsigned_end = plan_.end == End::kUnsigned && store_->size() > plan_.entries - plan_.tail_entries / 3;
      if (!unsigned_end && prng_.chance(1, plan_.publish_one_in)) publish();
      if (!in_tail) seal();
      if (!in_tail && prng_.chance(1, plan_.reopen_one_in)) open();
      if (log_.older_size == 0 && store_->size() >= plan_.entries * 2 / 3) keep_older();
    }
    finish();
    return std::move(log_);
  }

 private:
  void open() {
    store_.reset();
    store_ = log::Store::open(fs_, log_.dir, options_, log_.signer(), clock_).value();
    publish();
  }

  void commit(std::uint64_t count) {
    clock_.advance(kMillisecond * static_cast<std::int64_t>(1 + prng_.below(2'000)));
    std::vector<log::Batch> batches;
    for (std::uint64_t left = count, first = store_->size(); left > 0;) {
      const std::uint64_t take = 1 + prng_.below(left);
      batches.push_back(batch(first, take));
      first += take;
      left -= take;
    }
    log_.states.push_back(*store_->commit(batches).value().state);
  }

  log::Batch batch(std::uint64_t first, std::uint64_t count) {
    event::EntryBatch entries({"source-" + std::to_string(prng_.below(3)), "http", "10.0.0.5:51230", ""});
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string message;
      for (std::uint64_t left = prng_.below(plan_.message_bytes_max); left > 0; --left)
        message.push_back("abcdefghijklmnopqrstuvwxyz    "[prng_.below(30)]);
      const std::string id = "evt_" + std::to_string(first + i);
      EXPECT_TRUE(entries
                      .add(R"({"id":")" + id + R"(","time":"2026-11-18T00:00:00Z","actor":{"type":"user","id":"u_)" +
                               std::to_string(prng_.below(50)) + R"("},"action":"a.b","message":")" + message + "\"}",
                           {}, {}, id)
                      .ok());
    }
    entries.stamp(clock_.now(), random_);
    log::Batch out;
    out.first_index = first;
    out.received = clock_.now();
    for (std::uint64_t i = 0; i < count; ++i) {
      log_.entries.emplace_back(entries.entry(i));
      out.leaves.push_back(crypto::hash_leaf(as_byte_span(entries.entry(i))));
      out.keys.push_back(first + i + 1);
    }
    out.bytes = std::move(entries).take_bytes();
    return out;
  }

  void publish() { ASSERT_TRUE(store_->publish().ok()); }

  void seal() {
    while (store_->seal().value()) {}
  }

  void keep_older() {
    publish();
    log_.older = image_of(fs_, log_.dir);
    log_.older_size = store_->size();
  }

  void finish() {
    if (plan_.end != End::kUnsigned) publish();
    if (plan_.end == End::kClosed) {
      ASSERT_TRUE(store_->cut_journal().ok());
    }
    log_.sealed = store_->sealed_size();
    log_.published = store_->published()->size;
    log_.image = image_of(fs_, log_.dir);
  }

  LogPlan plan_;
  SimFileSystem fs_;
  HandClock clock_;
  SeededRandom random_;
  Prng prng_;
  log::StoreOptions options_;
  std::unique_ptr<log::Store> store_;
  SampleLog log_;
};

}  // namespace

Hash SampleLog::leaf(std::uint64_t index) const { return crypto::hash_leaf(as_byte_span(entries.at(index))); }

const log::SignedState& SampleLog::state_at(std::uint64_t size) const {
  return *std::find_if(states.begin(), states.end(), [&](const log::SignedState& state) { return state.size >= size; });
}

verify::Anchor SampleLog::since(std::uint64_t size) const { return {"kept.checkpoint", state_at(size).note, {}}; }

verify::Anchor SampleLog::receipt(std::uint64_t index) const {
  return {"receipt.json", state_at(index + 1).note, {{index, leaf(index)}}};
}

SampleLog make_log(const LogPlan& plan) { return Maker(plan).make(); }

verify::Report verify_image(const Image& image, const std::string& dir, const verify::Options& options) {
  ImageFileSystem fs(image);
  verify::Report report;
  const Status checked = verify::verify_directory(fs, dir, options, report);
  EXPECT_TRUE(checked.ok()) << checked.error().message;
  return report;
}

std::string findings_text(const verify::Report& report) {
  std::string out;
  for (const verify::Finding& finding : report.findings) {
    out += "  " + finding.kind + " | " + finding.where + " | " + finding.message + " [" + std::to_string(finding.first) + ", " +
           std::to_string(finding.end) + ")\n";
  }
  for (const verify::Uncovered& what : report.uncovered) out += "  not covered: " + what.text() + "\n";
  return out;
}

}  // namespace stele::testing
