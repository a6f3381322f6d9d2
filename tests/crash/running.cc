#include "crash/running.h"

#include <gtest/gtest.h>

#include <map>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "merkle/checkpoint.h"
#include "merkle/tree.h"

namespace stele::testing {

log::SequencerOptions quick() {
  log::SequencerOptions options;
  options.publish_every = 3 * kMillisecond;
  options.reopen_every = 5 * kMillisecond;
  return options;
}

Running::Running(io::FileSystem& fs, const std::string& dir, log::SequencerOptions options)
    : fs_(fs), dir_(dir), options_(options) {
  const auto created = create_test_log(fs, dir, 1);
  EXPECT_TRUE(created.ok());
  if (created.ok()) identity_ = *created;
  start();
}

void Running::start() {
  sequencer_.reset();
  auto started = log::Sequencer::start([this] { return open_test_log(fs_, dir_, small_options(), system_clock()); }, options_,
                                       system_clock(), crypto::system_random());
  ASSERT_TRUE(started.ok()) << started.error().message;
  sequencer_ = std::move(*started);
}

std::future<Answer> Running::submit(event::EntryBatch batch, bool want_bytes) {
  auto promise = std::make_shared<std::promise<Answer>>();
  sequencer_->submit(std::move(batch), want_bytes, [promise](Answer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

event::EntryBatch batch_of(const std::string& source) { return event::EntryBatch(event::Source{source, "http", "", ""}); }

std::string event_text(const std::string& id, const std::string& message) {
  return R"({"time":"2026-11-18T00:00:00Z","actor":{"type":"user","id":"u"},"action":"a.b",)" +
         (id.empty() ? "" : R"("id":")" + id + R"(",)") + R"("message":")" + message + "\"}";
}

void add(event::EntryBatch& batch, const std::string& id, const std::string& message) {
  ASSERT_TRUE(batch.add(event_text(id, message), {}, {}, id).ok());
}

event::EntryBatch one_event(const std::string& source, const std::string& id, const std::string& message) {
  auto batch = batch_of(source);
  add(batch, id, message);
  return batch;
}

std::vector<std::string> all_entries(const log::Store& store) {
  std::vector<std::string> out;
  const std::uint64_t size = store.size();
  if (size == 0) return out;
  const auto bytes = store.read(0, size);
  EXPECT_TRUE(bytes.ok());
  UnixNanos before = 0;
  std::vector<Hash> leaves;
  EXPECT_TRUE(event::for_each_entry(*bytes, [&](std::string_view entry) {
                const auto received = event::read_received(entry);
                EXPECT_TRUE(received && *received >= before) << "entry " << out.size();
                before = received.value_or(before);
                leaves.push_back(crypto::hash_leaf(as_byte_span(entry)));
                out.emplace_back(entry);
              }).ok());
  EXPECT_EQ(out.size(), size);
  EXPECT_EQ(merkle::root_of(leaves), store.latest()->root);
  return out;
}

std::string event_of(const std::string& entry) { return std::string(event::read_entry(entry)->event); }

void check_receipt(const log::Delivered& delivered, const merkle::VerifierKey& key) {
  std::map<std::uint64_t, Hash> leaves;
  for (const log::Placed& placed : delivered.placed) {
    if (!placed.error) leaves[placed.index] = placed.leaf;
  }
  const auto checkpoint = merkle::open_checkpoint(delivered.state->note, key);
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->size, delivered.state->size);
  EXPECT_EQ(checkpoint->root, delivered.state->root);
  std::uint64_t covered = 0;
  for (const log::ProvenRange& range : delivered.ranges) {
    std::vector<Hash> run;
    for (std::uint64_t i = range.first; i < range.first + range.count; ++i) {
      ASSERT_TRUE(leaves.contains(i)) << "a proof for entry " << i << ", which was not placed";
      run.push_back(leaves[i]);
    }
    const Status proven = merkle::verify_range(range.first, run, checkpoint->size, range.proof, checkpoint->root);
    EXPECT_TRUE(proven.ok()) << proven.error().message;
    covered += range.count;
  }
  EXPECT_EQ(covered, leaves.size());
}

}  // namespace stele::testing
