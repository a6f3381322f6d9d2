// The sequencer on real threads: order, repeats and conflicts, proofs, the end.
#include "log/sequencer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "crash/running.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "merkle/tile.h"
#include "merkle/tree.h"
#include "support/sim_fs.h"
#include "support/temp_folder.h"

namespace stele::testing {
namespace {

using log::Placed;

// On the machine's disk and on a simulated one.
class SequencerOn : public ::testing::TestWithParam<const char*> {
 protected:
  SequencerOn() {
    if (std::string(GetParam()) == "posix") temporary_.emplace();
  }

  io::FileSystem& fs() { return temporary_ ? io::posix() : static_cast<io::FileSystem&>(sim_); }
  [[nodiscard]] std::string dir() const { return temporary_ ? temporary_->path("log") : "log"; }

 private:
  std::optional<TempFolder> temporary_;
  SimFileSystem sim_{7};
};
INSTANTIATE_TEST_SUITE_P(Disks, SequencerOn, ::testing::Values("posix", "sim"),
                         [](const auto& disk) { return std::string(disk.param); });

// One source that sends events, some without an id, some again, some under an id that stands for another.
class Submitter {
 public:
  Submitter(Running& running, std::string source, std::uint64_t seed)
      : running_(running), source_(std::move(source)), prng_(seed) {}

  void run(int batches) {
    for (int i = 0; i < batches; ++i) {
      auto batch = batch_of(source_);
      std::vector<Sent> sent;
      for (std::uint64_t n = 1 + prng_.below(12); n > 0; --n) sent.push_back(next(batch));
      const bool want_bytes = prng_.chance(1, 4);
      answers_.emplace_back(std::move(sent), running_.submit(std::move(batch), want_bytes));
      if (prng_.chance(1, 5)) answers_.back().second.wait();
    }
  }

  // After all of it is answered. Adds to the states that were handed out and to the places of new entries.
  void check(std::map<std::uint64_t, Hash>& states, std::map<std::uint64_t, std::string>& placed_events) {
    std::uint64_t next_new = 0;
    for (auto& [sent, future] : answers_) {
      const Answer answer = future.get();
      ASSERT_TRUE(answer.ok()) << answer.error().message;
      ASSERT_NO_FATAL_FAILURE(check_receipt(*answer, running_.identity().key));
      const auto [state, fresh] = states.emplace(answer->state->size, answer->state->root);
      EXPECT_TRUE(fresh || state->second == answer->state->root) << "two states of size " << answer->state->size;
      ASSERT_EQ(answer->placed.size(), sent.size());
      std::optional<std::uint64_t> run_at;
      for (std::size_t i = 0; i < sent.size(); ++i) {
        const Placed& placed = answer->placed[i];
        if (sent[i].conflict) {
          ASSERT_TRUE(placed.error.has_value());
          EXPECT_EQ(placed.error->code, Code::kConflict);
          ++conflicts_;
          continue;
        }
        ASSERT_FALSE(placed.error.has_value()) << placed.error->message;
        EXPECT_EQ(placed.repeated, sent[i].repeat);
        if (sent[i].repeat) {
          EXPECT_EQ(placed.index, first_index_.at(sent[i].id)) << sent[i].id;
          continue;
        }
        EXPECT_GE(placed.index, next_new) << "order within a source";
        EXPECT_TRUE(!run_at || placed.index == *run_at) << "a batch is contiguous";
        run_at = placed.index + 1;
        next_new = placed.index + 1;
        if (!sent[i].id.empty()) first_index_[sent[i].id] = placed.index;
        EXPECT_TRUE(placed_events.emplace(placed.index, sent[i].event).second)
            << "entry " << placed.index << " was given away twice";
      }
    }
  }

  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }

 private:
  struct Sent {
    std::string id;
    std::string event;
    bool repeat = false;
    bool conflict = false;
  };

  Sent next(event::EntryBatch& batch) {
    const std::uint64_t draw = prng_.below(10);
    Sent one;
    if (draw >= 3 || sent_.empty()) {
      if (draw < 9) one.id = "evt_" + std::to_string(sent_.size());
      one.event = event_text(one.id, "message " + std::to_string(prng_.next()));
      if (!one.id.empty()) sent_.push_back(one);
    } else {
      one = sent_[sent_.size() - 1 - prng_.below(std::min<std::size_t>(sent_.size(), 40))];
      one.repeat = draw > 0;
      one.conflict = draw == 0;
      if (one.conflict) one.event = event_text(one.id, "something else");
    }
    EXPECT_TRUE(batch.add(one.event, {}, {}, one.id).ok());
    return one;
  }

  Running& running_;
  std::string source_;
  Prng prng_;
  std::vector<Sent> sent_;
  std::vector<std::pair<std::vector<Sent>, std::future<Answer>>> answers_;
  std::map<std::string, std::uint64_t> first_index_;
  std::uint64_t conflicts_ = 0;
};

// Goal: many sources at once: each event has one place, in its source's order and with its batch; repeats are
// recognised, conflicts refused and written down; every receipt verifies; states of one size are one.
TEST_P(SequencerOn, places_every_event_once) {
  Running running(fs(), dir());
  std::vector<std::unique_ptr<Submitter>> submitters;
  for (std::uint64_t i = 0; i < 8; ++i)
    submitters.push_back(std::make_unique<Submitter>(running, "source-" + std::to_string(i), i));
  {
    std::vector<std::jthread> threads;
    threads.reserve(submitters.size());
    for (auto& submitter : submitters) threads.emplace_back([&submitter] { submitter->run(60); });
  }
  std::map<std::uint64_t, Hash> states;
  std::map<std::uint64_t, std::string> placed_events;
  std::uint64_t conflicts = 0;
  for (auto& submitter : submitters) {
    ASSERT_NO_FATAL_FAILURE(submitter->check(states, placed_events));
    conflicts += submitter->conflicts();
  }
  running->drain();
  const auto entries = all_entries(*running->store());
  EXPECT_EQ(entries.size(), placed_events.size() + conflicts);
  EXPECT_EQ(running->counters().conflicts, conflicts);
  std::uint64_t notes = 0;
  for (std::uint64_t i = 0; i < entries.size(); ++i) {
    const auto placed = placed_events.find(i);
    if (placed != placed_events.end()) {
      EXPECT_EQ(event_of(entries[i]), placed->second) << "entry " << i;
      continue;
    }
    ++notes;
    EXPECT_NE(entries[i].find(R"("action":"stele.id_conflict")"), std::string::npos) << entries[i];
  }
  EXPECT_EQ(notes, conflicts);
  for (const auto& [size, root] : states) {
    const auto same = merkle::tree_root(size, running->store()->node_reader());
    EXPECT_TRUE(same.ok() && *same == root) << "the state signed at size " << size;
  }
  EXPECT_EQ(running->store()->published()->size, entries.size());
}

// Goal: while entries come in and are sealed and published, everything that is there can be read and proven.
TEST_P(SequencerOn, serves_what_is_there_while_more_comes) {
  Running running(fs(), dir());
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  for (std::uint64_t r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      Prng prng(r);
      while (!stop) {
        const auto store = running->store();
        const auto state = r == 0 ? store->published() : store->latest();
        if (state->size == 0) continue;
        const std::uint64_t index = prng.below(state->size);
        const auto bytes = store->read(index, 1);
        ASSERT_TRUE(bytes.ok()) << bytes.error().message;
        const Hash leaf = crypto::hash_leaf(as_byte_span(*bytes).subspan(2));
        const auto proof = merkle::inclusion_proof(index, state->size, store->node_reader());
        ASSERT_TRUE(proof.ok()) << proof.error().message;
        ASSERT_TRUE(merkle::verify_inclusion(index, leaf, state->size, *proof, state->root).ok())
            << index << " of " << state->size;
        const std::uint64_t bundle = index / merkle::kTileWidth;
        const auto tile = store->tile({false, 0, bundle, merkle::tile_width(0, bundle, state->size)});
        ASSERT_TRUE(tile.ok()) << tile.error().message;
        ASSERT_EQ(tile->substr(index % merkle::kTileWidth * sizeof(Hash), sizeof(Hash)), as_text(leaf));
      }
    });
  }
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 3; ++w) {
      writers.emplace_back([&, w] {
        for (int i = 0; i < 60; ++i) {
          auto batch = batch_of("source-" + std::to_string(w));
          for (int n = 0; n < 20; ++n) add(batch, "", std::string(200, 'x'));
          ASSERT_TRUE(running.submit(std::move(batch)).get().ok());
        }
      });
    }
  }
  for (int i = 0; i < 20'000 && running->store()->sealed_size() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  stop = true;
  readers.clear();
  EXPECT_GT(running->store()->sealed_size(), 0U);
  EXPECT_EQ(running->store()->size(), 3'600U);
}

// Goal: a second copy in one batch is a repeat of the first, other bytes under its id are a conflict, and the note of
// the conflict names the event that was kept.
TEST(Sequencer, recognises_repeats_within_a_batch) {
  SimFileSystem fs(1);
  Running running(fs);
  auto batch = batch_of("s");
  add(batch, "a", "one");
  add(batch, "b", "two");
  add(batch, "a", "one");
  add(batch, "b", "three");
  add(batch, "", "four");
  const Answer answer = running.submit(std::move(batch), true).get();
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->placed.size(), 5U);
  EXPECT_EQ(answer->placed[0].index, 0U);
  EXPECT_EQ(answer->placed[1].index, 1U);
  EXPECT_TRUE(answer->placed[2].repeated);
  EXPECT_EQ(answer->placed[2].index, 0U);
  EXPECT_EQ(answer->placed[2].leaf, answer->placed[0].leaf);
  EXPECT_EQ(answer->placed[2].id, answer->placed[0].id);
  ASSERT_TRUE(answer->placed[3].error.has_value());
  EXPECT_EQ(answer->placed[3].error->code, Code::kConflict);
  EXPECT_EQ(answer->placed[4].index, 2U);
  check_receipt(*answer, running.identity().key);
  running->drain();
  const auto entries = all_entries(*running->store());
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_NE(entries[3].find(R"("targets":[{"type":"entry","id":"1"}])"), std::string::npos) << entries[3];
  EXPECT_NE(entries[3].find(R"("source":"s","event_id":"b")"), std::string::npos) << entries[3];
}

// Goal: repeats are recognised after the log was closed and opened again, and after it was killed.
TEST(Sequencer, recognises_repeats_after_a_restart) {
  SimFileSystem fs(1);
  Running running(fs);
  for (int i = 0; i < 700; ++i) ASSERT_TRUE(running.submit(one_event("s", "evt_" + std::to_string(i), "m")).get().ok());
  running.start();
  const Answer closed = running.submit(one_event("s", "evt_3", "m")).get();
  ASSERT_TRUE(closed.ok());
  EXPECT_TRUE(closed->placed[0].repeated);
  EXPECT_EQ(closed->placed[0].index, 3U);
  ASSERT_TRUE(running.submit(one_event("s", "evt_700", "m")).get().ok());
  fs.crash(CrashKind::kKill);
  running.start();
  const Answer killed = running.submit(one_event("s", "evt_700", "m")).get();
  ASSERT_TRUE(killed.ok());
  EXPECT_TRUE(killed->placed[0].repeated);
  EXPECT_EQ(killed->placed[0].index, 700U);
  check_receipt(*killed, running.identity().key);
}

// Goal: whatever was taken before the log drains is answered, with what follows from it; nothing is taken later.
TEST_P(SequencerOn, finishes_what_it_took_when_it_drains) {
  Running running(fs(), dir());
  ASSERT_TRUE(running.submit(one_event("s", "first", "m")).get().ok());
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 200; ++i) {
    answers.push_back(
        running.submit(one_event("s", i % 4 == 0 ? "first" : "evt_" + std::to_string(i), i % 8 == 0 ? "other" : "m")));
  }
  running->drain();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer answer = answers[i].get();
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->placed[0].error.has_value(), i % 8 == 0);
    EXPECT_EQ(answer->placed[0].repeated, i % 4 == 0 && i % 8 != 0);
    check_receipt(*answer, running.identity().key);
  }
  const Answer late = running.submit(one_event("s", "late", "m")).get();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  EXPECT_EQ(all_entries(*running->store()).size(), 1U + 150U + 25U);
  running->drain();
  running.start();
  EXPECT_EQ(all_entries(*running->store()).size(), 1U + 150U + 25U);
}

// Goal: submitters that race with the drain are each answered once, with a place or a refusal.
TEST(Sequencer, answers_once_while_it_drains) {
  SimFileSystem fs(3);
  Running running(fs);
  std::atomic<std::uint64_t> submitted = 0;
  std::atomic<std::uint64_t> stored = 0;
  std::atomic<std::uint64_t> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; refused < 30; ++i) {
          ++submitted;
          running->submit(one_event("s" + std::to_string(t), "evt_" + std::to_string(i), "m"), false, [&](const Answer& answer) {
            if (answer.ok())
              ++stored;
            else if (answer.error().code == Code::kUnavailable)
              ++refused;
          });
        }
      });
    }
    while (stored < 300) std::this_thread::yield();
    running->drain();
  }
  EXPECT_EQ(stored + refused, submitted);
  EXPECT_EQ(running->store()->size(), stored);
}

}  // namespace
}  // namespace stele::testing
