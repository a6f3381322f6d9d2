// The journal export format, cut into entries: whole or in pieces, with what is too long and what is damaged.
#include "collect/journal_export.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace stele::collect {
namespace {

using std::string_literals::operator""s;

std::string binary(std::string_view name, std::string_view data) {
  std::string length(8, '\0');
  store_le<std::uint64_t>(length.data(), data.size());
  return std::string(name) + "\n" + length + std::string(data) + "\n";
}

struct Outcome {
  std::vector<JournalExportEntry> entries;
  std::string error;
  bool within = false;
};

Outcome read_all(std::string_view stream, std::size_t step, JournalExportLimits limits = {}) {
  JournalExportReader reader(limits);
  Outcome out;
  while (!stream.empty()) {
    reader.push(std::string(stream.substr(0, step)));
    stream.remove_prefix(std::min(step, stream.size()));
    for (;;) {
      auto next = reader.next();
      if (!next) {
        out.error = next.error().message;
        return out;
      }
      if (!*next) break;
      out.entries.push_back(*std::move(*next));
    }
  }
  out.within = reader.within_entry();
  return out;
}

std::string text_of(const JournalExportEntry& one) {
  std::string out;
  for (std::size_t i = 0; i < one.entry.size(); ++i)
    out += std::string(one.entry.field(i).name) + "=" + std::string(one.entry.field(i).value) + ";";
  return out;
}

// Goal: fields in both forms, as often as they stand there, however the stream is cut.
TEST(JournalExport, reads_text_and_binary_fields) {
  const std::string first = "__CURSOR=s=1;i=2\nMESSAGE=a=b\nEMPTY=\n" + binary("BLOB", "x\ny\0z"s) + "TAG=1\nTAG=2\n";
  const std::string stream = "\n\n" + first + "\n\n\n" + binary("MESSAGE", "") + "\nOPEN=1\n";
  for (const std::size_t step : {1U, 2U, 7U, 1000U}) {
    const Outcome out = read_all(stream, step);
    ASSERT_EQ(out.entries.size(), 2U) << step << out.error;
    EXPECT_EQ(out.entries[0].entry.bytes(), first);
    EXPECT_EQ(out.entries[0].length, first.size());
    EXPECT_EQ(text_of(out.entries[0]), "__CURSOR=s=1;i=2;MESSAGE=a=b;EMPTY=;BLOB=x\ny\0z;TAG=1;TAG=2;"s);
    EXPECT_EQ(out.entries[0].entry.find("TAG"), "1");
    EXPECT_EQ(text_of(out.entries[1]), "MESSAGE=;");
    EXPECT_TRUE(out.within) << "an entry that is not ended is none yet";
  }
}

// Goal: a field under a name that may not be one stays in what came and is no field.
TEST(JournalExport, keeps_odd_names_in_the_bytes_alone) {
  const std::string stream = "lower=1\n1A=2\n=3\n" + std::string(65, 'A') + "=4\n" + std::string(64, 'A') + "=5\n\n";
  const Outcome out = read_all(stream, 3);
  ASSERT_EQ(out.entries.size(), 1U);
  EXPECT_EQ(text_of(out.entries[0]), std::string(64, 'A') + "=5;");
  EXPECT_EQ(out.entries[0].entry.bytes() + "\n", stream);
}

// Goal: an entry over a limit is told from the others, and the stream goes on behind it.
TEST(JournalExport, goes_on_behind_what_is_over_a_limit) {
  const std::string long_text = "__CURSOR=c\nMESSAGE=" + std::string(500, 'x') + "\nAFTER=1\n";
  const std::string long_data = binary("MESSAGE", std::string(300, '\n')) + "AFTER=1\n" + binary("MORE", "z");
  std::string many;
  for (int i = 0; i < 5; ++i) many += "A=" + std::to_string(i) + "\n";
  for (const std::size_t step : {1U, 64U, 10'000U}) {
    const Outcome out = read_all(long_text + "\n" + long_data + "\n" + many + "\nA=last\n\n", step, {100, 4, 1000});
    ASSERT_EQ(out.entries.size(), 4U) << out.error;
    EXPECT_EQ(out.entries[0].fault, "oversized");
    EXPECT_EQ(out.entries[0].length, long_text.size());
    EXPECT_EQ(out.entries[0].entry.bytes(), long_text.substr(0, 100));
    EXPECT_EQ(text_of(out.entries[0]), "__CURSOR=c;");
    EXPECT_EQ(out.entries[1].fault, "oversized");
    EXPECT_EQ(out.entries[1].length, long_data.size());
    EXPECT_EQ(out.entries[2].fault, "too_many_fields");
    EXPECT_EQ(out.entries[3].fault, "");
    EXPECT_EQ(text_of(out.entries[3]), "A=last;");
  }
}

// Goal: where the format is lost it is said, for good, and what was whole before is there.
TEST(JournalExport, stops_where_the_format_is_lost) {
  for (const std::string& damage :
       {"hello world\n"s, "\0\n"s, "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff"s, "M\n\1\0\0\0\0\0\0\0xy\n"s}) {
    for (const std::size_t step : {1U, 1000U}) {
      const Outcome out = read_all("A=1\n\nB=2\n" + damage + "\nC=3\n\n", step);
      ASSERT_EQ(out.entries.size(), 1U) << damage;
      EXPECT_FALSE(out.error.empty());
    }
  }
  JournalExportReader reader;
  reader.push("no field\n");
  EXPECT_FALSE(reader.next());
  reader.push("A=1\n\n");
  EXPECT_FALSE(reader.next()) << "what follows cannot be told apart";
}

}  // namespace
}  // namespace stele::collect
