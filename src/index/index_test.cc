// Whatever a chunk is, growing, a file, or one of several in a merged file: what it says passes for sure does, and what passes it
// says may. Held against the matcher, which reads every entry, with values and questions by chance.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "event/scalars.h"
#include "index/index_file.h"
#include "index/live_chunk.h"
#include "index/merge.h"
#include "query/matcher.h"
#include "support/temp_folder.h"

namespace stele::index {
namespace {

using query::Condition;
using query::Term;

constexpr LogId kLog = {1, 2, 3};
constexpr const char* kWords[] = {"Wire",    "transfer",    "denied", "user",   "root",     "opened", "closed",
                                  "session", "for",         "by",     "Failed", "password", "export", "of",
                                  "table",   "caf\xc3\xa9", "x_1",    "42",     "10",       "a"};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  std::string words(std::uint32_t count) {
    std::string out;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) out += below(4) == 0 ? ", " : " ";
      out += below(3) == 0 ? std::to_string(below(100'000)) : kWords[below(std::size(kWords))];
    }
    return out;
  }

  std::string hex(std::uint32_t digits) {
    std::string out;
    for (std::uint32_t i = 0; i < digits; ++i) out.push_back("0123456789abcdef"[below(16)]);
    return out;
  }

  // Text of JSON without what must be escaped.
  std::string entry() {
    std::string out = R"({"stele":1,"id":"x","received":"r","source":{"id":")" + std::string(below(2) == 0 ? "web" : "Billing") +
                      R"("},"event":{)";
    const auto add = [&](const std::string& name, const std::string& json) {
      if (out.back() != '{') out += ',';
      out += '"' + name + "\":" + json;
    };
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    add("id", quoted("req-" + hex(12)));
    if (below(50) != 0)
      add("time", quoted("2026-11-" + std::to_string(10 + below(20)) + "T16:20:00." + std::to_string(100 + below(900)) + "Z"));
    const std::string user = std::to_string(below(3000));
    add("actor", R"({"id":"u_)" + user + R"(","name":")" + (below(2) == 0 ? "Ada Park " : "ada park ") + user + R"("})");
    add("action", quoted(below(3) == 0 ? "User.Login" : "user." + std::string(kWords[below(6)])));
    if (below(3) == 0) add("outcome", quoted(below(2) == 0 ? "success" : "denied"));
    add("targets", R"([{"id":"t)" + std::to_string(below(40'000)) + R"("})" +
                       (below(4) == 0 ? R"(,{"id":"t)" + std::to_string(below(40'000)) + R"("}])" : "]"));
    add("origin",
        R"({"ip":")" +
            (below(100) == 0 ? "2001:db8::" + hex(3) : "10." + std::to_string(below(256)) + ".7." + std::to_string(below(256))) +
            R"("})");
    add("message", quoted(words(1 + below(12))));
    add("context", R"({"ip":"192.168.)" + std::to_string(below(250)) + "." + std::to_string(below(250)) + R"("})");
    std::string attributes = R"("n":)" + std::to_string(static_cast<int>(below(1'000'000)) - 1000) + R"(,"small":)" +
                             std::to_string(below(5)) + R"(,"mixed":)" +
                             (below(2) == 0 ? quoted(hex(8)) : std::to_string(below(50)) + ".5");
    if (below(200) == 0) attributes += R"(,"rare":")" + hex(2) + '"';
    if (below(2000) == 0) attributes += R"(,"long":")" + std::string(5000, 'y') + '"';
    if (below(2000) == 0) attributes += R"(,"odd":")" + std::string(70, 'z') + " " + hex(20) + '"';
    attributes += R"(,"odd2":"a )" + hex(8) + '"';
    if (below(100) == 0) attributes += R"(,"p)" + std::to_string(below(1500)) + R"(":"v")";
    if (below(50) == 0) add("", quoted("nameless " + hex(2)));
    add("attributes", "{" + attributes + "}");
    return out + R"(},"derived":{"by":"r"},"original":"oo )" + hex(4) + R"("})";
  }

  // A question about something that stands in one of the entries.
  Term question(const std::vector<std::string>& entries) {
    event::Scalars scalars;
    const auto& all = scalars.read(entries[below(static_cast<std::uint32_t>(entries.size()))]);
    const auto& one = all[below(static_cast<std::uint32_t>(all.size()))];
    Term out;
    out.kind = below(4) == 0 ? Term::Kind::kAnywhere : Term::Kind::kField;
    out.paths = {scalars.path(one.path)};
    if (below(8) == 0) out.paths.emplace_back("actor.id");
    if (below(30) == 0) out.paths = {"attributes.nowhere"};
    out.test = test(std::string(one.text));
    if (below(12) != 0) return out;
    out.kind = Term::Kind::kTime;
    out.from = parse_time("2026-11-" + std::to_string(10 + below(20)) + "T16:20:00.5Z");
    if (below(2) == 0) out.before = *out.from + 86'400'000'000'000 * below(4);
    return out;
  }

 private:
  Condition test(std::string text) {
    const std::string part = text.substr(below(static_cast<std::uint32_t>(text.size()) + 1)).substr(0, 1 + below(12));
    if (below(3) == 0) {
      for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' && below(2) == 0 ? c - 32 : c);
    }
    switch (below(9)) {
      case 0: return Condition::any();
      case 1: return Condition::is(text);
      case 2: return Condition::match(text);
      case 3: return Condition::match(part);
      case 4: return Condition::words(part);
      case 5: return Condition::contains(part);
      case 6: return below(2) == 0 ? Condition::like({text.substr(0, below(6)), ""}) : Condition::like({"", part, ""});
      case 7: {
        const auto range =
            query::AddressRange::parse(below(2) == 0 ? "10." + std::to_string(below(256)) + ".0.0/12" : "2001:db8::/32");
        return Condition::address(*range);
      }
      default: {
        std::optional<Condition::Bound> low;
        std::optional<Condition::Bound> high;
        if (below(3) > 0)
          low = {*query::Number::parse(std::to_string(static_cast<int>(below(1000)) - 10) + (below(2) == 0 ? ".5" : "")),
                 below(2) == 0};
        if (below(3) > 0) high = {*query::Number::parse(std::to_string(below(500'000))), below(2) == 0};
        return Condition::number(low, high);
      }
    }
  }

  std::mt19937_64 random_;
};

class Index : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  std::unique_ptr<IndexFile> write(const LiveChunk& chunk, const std::string& name) {
    auto file = io::posix().open_write(path(name), 0600);
    ImageWriter out(**file);
    const Status written = chunk.write(out, kLog, {});
    EXPECT_TRUE(written) << written.error().message;
    return open(name);
  }
  std::unique_ptr<IndexFile> open(const std::string& name) {
    auto file = IndexFile::open(io::posix(), path(name));
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }

 private:
  testing::TempFolder folder_;
};

std::string describe(const Term& term) {
  std::string out = term.kind == Term::Kind::kAnywhere ? "anywhere" : term.kind == Term::Kind::kTime ? "time" : term.paths[0];
  if (!term.test) return out;
  out += " kind " + std::to_string(static_cast<int>(term.test->kind())) + " '" + term.test->value() + "'";
  for (const std::string& piece : term.test->pieces()) out += " [" + piece + "]";
  return out;
}

Bits truth(const Term& term, const std::vector<std::string>& entries) {
  query::Matcher matcher(term);
  Bits out;
  for (std::uint32_t row = 0; row < entries.size(); ++row) {
    if (matcher.matches(row, entries[row])) out.set(row);
  }
  return out;
}

// How many rows are left open that need not be.
std::uint32_t check(const Answer& answer, const Bits& truth, const std::string& what) {
  Bits wrong = answer.sure;
  wrong -= truth;
  EXPECT_FALSE(wrong.any()) << what << ": " << wrong.count() << " rows pass for sure that do not";
  Bits missing = truth;
  missing -= answer.maybe;
  EXPECT_FALSE(missing.any()) << what << ": " << missing.count() << " rows pass that are said not to";
  Bits open = answer.maybe;
  open -= answer.sure;
  Bits outside = answer.sure;
  outside -= answer.maybe;
  EXPECT_FALSE(outside.any()) << what;
  return open.count();
}

TEST_F(Index, AnswersAsReadingDoes) {
  constexpr std::size_t kQuestions = 20;
  constexpr std::size_t kChunks = 2;
  Maker maker(20'261'127);
  std::vector<std::vector<std::string>> entries(kChunks);
  std::vector<std::unique_ptr<IndexFile>> files;
  std::vector<std::unique_ptr<LiveChunk>> chunks;
  for (std::size_t i = 0; i < kChunks; ++i) {
    chunks.push_back(std::make_unique<LiveChunk>(i * kChunkRows));
    while (!chunks[i]->full()) {
      entries[i].push_back(maker.entry());
      chunks[i]->append(entries[i].back());
    }
    files.push_back(write(*chunks[i], std::to_string(i)));
  }
  {
    auto file = io::posix().open_write(path("merged"), 0600);
    ImageWriter out(**file);
    const IndexFile* const both[] = {files[0].get(), files[1].get()};
    const Status merged = merge(both, out, [] { return true; });
    ASSERT_TRUE(merged) << merged.error().message;
  }
  const auto merged = open("merged");
  ASSERT_EQ(merged->directory().chunks.size(), kChunks);
  std::uint64_t open = 0;
  for (std::size_t question = 0; question < kQuestions && !HasFailure(); ++question) {
    const Term term = maker.question(entries[question % kChunks]);
    const std::string what = describe(term);
    const IndexFile::Question of_merged(*merged, term);
    for (std::size_t i = 0; i < kChunks; ++i) {
      const Bits wanted = truth(term, entries[i]);
      Answer live;
      chunks[i]->answer(term, live);
      check(live, wanted, "growing: " + what);
      Answer file;
      IndexFile::Question(*files[i], term).answer(0, file);
      check(file, wanted, "file: " + what);
      Answer one_of_many;
      of_merged.answer(static_cast<std::uint32_t>(i), one_of_many);
      open += check(one_of_many, wanted, "merged: " + what);
    }
  }
  EXPECT_FALSE(merged->damaged());
  EXPECT_LT(open, kQuestions * kChunks * kChunkRows / 3);  // what is left open is the exception
  RecordProperty("left_open_in_thousand", static_cast<int>(open * 1000 / (kQuestions * kChunks * kChunkRows)));
}

TEST_F(Index, NoticesEachDamagedBlock) {
  Maker maker(7);
  LiveChunk chunk(0);
  std::vector<std::string> entries;
  while (!chunk.full()) chunk.append(entries.emplace_back(maker.entry()));
  write(chunk, "whole");
  const auto size = std::filesystem::file_size(path("whole"));
  for (std::uint64_t at = 0; at < size; at += size / 8 + 1) {
    std::filesystem::copy_file(path("whole"), path("damaged"), std::filesystem::copy_options::overwrite_existing);
    {
      auto file = io::posix().open_write(path("damaged"), 0600);
      std::byte byte{};
      ASSERT_TRUE((*file)->read_at(at, {&byte, 1}));
      byte ^= std::byte{0x10};
      const ByteSpan part{&byte, 1};
      ASSERT_TRUE((*file)->write_at(at, {&part, 1}));
    }
    auto file = IndexFile::open(io::posix(), path("damaged"));
    if (!file) {
      EXPECT_EQ(file.error().code, Code::kCorrupt);
      continue;
    }
    for (int question = 0; question < 2; ++question) {
      const Term term = maker.question(entries);
      Answer answer;
      IndexFile::Question(**file, term).answer(0, answer);
      if (!(*file)->damaged()) check(answer, truth(term, entries), "at " + std::to_string(at) + ": " + describe(term));
    }
  }
  std::filesystem::resize_file(path("whole"), size - 1);
  EXPECT_FALSE(IndexFile::open(io::posix(), path("whole")));
}

}  // namespace
}  // namespace stele::index
