// What is known of sources from entries alone, kept and read back.
#include "sources/ledger.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "event/entry.h"
#include "event/internal_event.h"
#include "sources/coverage.h"
#include "sources/ledger_file.h"
#include "sources/notices.h"
#include "support/fixed.h"

namespace stele::sources {
namespace {

constexpr UnixNanos kStart = 1'795'000'000'000'000'000;
constexpr UnixNanos kGrace = 8 * kSecond;

// A log of entries as the server would write them.
class Entries {
 public:
  void add(const event::Source& source, const std::string& event, UnixNanos received, const std::string& derived = "") {
    event::EntryBatch batch(source);
    ASSERT_TRUE(batch.add(event, derived, "", ""));
    stamp(batch, received);
  }
  void add_own(const event::InternalEvent& event, UnixNanos received) {
    auto batch = event::internal_batch(event);
    ASSERT_TRUE(batch);
    stamp(*batch, received);
  }
  void add_numbered(const std::string& source, std::uint64_t seq, UnixNanos received) {
    add({source, "http", "", ""},
        R"({"seq":)" + std::to_string(seq) + R"(,"time":")" + format_time(received - kSecond) +
            R"(","actor":{"type":"user","id":"ada"},"action":"a.b","category":"user_action","outcome":"success"})",
        received);
  }

  [[nodiscard]] Ledger ledger(std::size_t end = SIZE_MAX) const {
    Ledger out;
    SightingReader reader;
    for (std::size_t i = 0; i < std::min(end, entries_.size()); ++i) {
      const auto sighting = reader.read(entries_[i]);
      EXPECT_TRUE(sighting) << entries_[i];
      out.observe(i, *sighting, entries_[i]);
    }
    return out;
  }

 private:
  void stamp(event::EntryBatch& batch, UnixNanos received) {
    testing::SeededRandom random(1);
    batch.stamp(received, random);
    entries_.emplace_back(batch.entry(0));
  }
  std::vector<std::string> entries_;
};

Registry registry(const std::string& yaml) {
  auto parsed = Registry::parse(yaml, "sources.yaml");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

Period all_of_it() { return {day_of(kStart) - 1, day_of(kStart) + 10}; }

// Goal: each entry is counted once, under what it is.
TEST(Ledger, counts_what_was_stored_refused_and_quarantined) {
  Entries entries;
  entries.add_numbered("billing", 1, kStart);
  entries.add({"billing", "http", "", ""},
              R"({"time":"2026-11-18T11:06:40Z","actor":{"type":"process","id":"unknown"},"action":"stele.quarantined",)"
              R"("category":"system_error","outcome":"failure","attributes":{"reason":"not_json"}})",
              kStart, R"({"by":"stele/quarantine@1","fields":["time"],"unattributed":true})");
  event::InternalEvent refused;
  refused.action = "stele.refused";
  refused.attributes = {{"source", std::string("billing")}, {"events", std::uint64_t{3}}, {"requests", std::uint64_t{1}}};
  entries.add_own(refused, kStart);
  const Ledger ledger = entries.ledger();
  const Tally tally = ledger.sources().at("billing").tally(day_of(kStart), day_of(kStart));
  EXPECT_EQ(tally.stored(), 1U);
  EXPECT_EQ(tally.quarantined, 1U);
  EXPECT_EQ(tally.refused, 3U);
  EXPECT_EQ(tally.refused_requests, 1U);
  EXPECT_EQ(tally.without_origin, 1U);
  EXPECT_EQ(ledger.size(), 3U);
}

// Goal: who claims to be quarantined is counted as what he sent, and takes no refusal back.
TEST(Ledger, believes_nobody_that_he_was_quarantined) {
  Entries entries;
  event::InternalEvent refused;
  refused.action = "stele.refused";
  refused.attributes = {{"source", std::string("billing")}, {"events", std::uint64_t{3}}};
  entries.add_own(refused, kStart);
  const std::string claim = R"({"time":"2026-11-18T11:06:40Z","actor":{"type":"user","id":"ada"},"action":"stele.quarantined",)"
                            R"("category":"user_action","attributes":{"reason":"id_conflict"}})";
  entries.add({"billing", "http", "", ""}, claim, kStart);
  entries.add({"billing", "http", "", ""}, claim, kStart, R"({"by":"other/rule@1","fields":["action"]})");
  const Ledger ledger = entries.ledger();
  const Tally tally = ledger.sources().at("billing").tally(0, day_of(kStart));
  EXPECT_EQ(tally.stored(), 2U);
  EXPECT_EQ(tally.quarantined, 0U);
  EXPECT_EQ(tally.refused, 3U);
}

// Goal: an event that was refused for its id and then kept as it could be was received once, also where midnight lies between,
// and where each host is a source of its own; other refusals stay.
TEST(Ledger, counts_a_conflict_that_is_quarantined_once) {
  const UnixNanos midnight = (day_of(kStart) + 1) * kDayNanos;
  Entries entries;
  event::InternalEvent refused;
  refused.action = "stele.refused";
  refused.attributes = {{"source", std::string("journal")}, {"events", std::uint64_t{3}}};
  event::InternalEvent conflict;
  conflict.action = "stele.id_conflict";
  conflict.attributes = {{"source", std::string("journal")}, {"event_id", std::string("e")}};
  entries.add_own(conflict, midnight - 1);
  entries.add_own(refused, midnight);
  entries.add_own(conflict, midnight);
  for (int i = 0; i < 3; ++i)
    entries.add({"journal", "journal-upload", "", ""},
                R"({"actor":{"type":"process","id":"unknown"},"action":"stele.quarantined",)"
                R"("attributes":{"reason":"id_conflict","host":"web-1"}})",
                midnight + 1, R"({"by":"stele/quarantine@1","fields":["action"],"unattributed":true})");
  const Ledger ledger = entries.ledger();
  const SourceState& journal = ledger.sources().at("journal");
  EXPECT_EQ(journal.tally(0, day_of(midnight) - 1).refused, 0U);
  EXPECT_EQ(journal.tally(day_of(midnight), day_of(midnight)).refused, 3U);
  EXPECT_EQ(ledger.sources().at("journal/web-1").tally(0, day_of(midnight)).quarantined, 3U);
  const auto kept = LedgerFile::read(LedgerFile::write(entries.ledger(2), {"00", 2, {}}));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->ledger.sources().at("journal").conflicts.size(), 1U);
}

// Goal: an event of any time that can be written is as far behind, or ahead, as can be counted.
TEST(Ledger, takes_any_time_that_a_source_claims) {
  Ledger ledger;
  std::uint64_t index = 0;
  for (const char* time : {"1678-01-01T00:00:00Z", "1733-01-01T00:00:00Z", "2261-12-31T23:59:59Z"}) {
    for (const UnixNanos received : {UnixNanos{1}, kStart, parse_time("2261-12-31T00:00:00Z").value()}) {
      Sighting one;
      one.received = received;
      one.source = "a";
      one.time = parse_time(time);
      ASSERT_TRUE(one.time);
      ledger.observe(index++, one, "");
    }
  }
  const Skew& skew = ledger.sources().at("a").skew;
  EXPECT_EQ(skew.behind_most(), INT64_MAX);
  EXPECT_GT(skew.ahead_most(), 0);
}

// Goal: of a door that speaks for many hosts each host is a source of its own; of others it is not.
TEST(Ledger, tells_the_hosts_of_syslog_apart) {
  Entries entries;
  const std::string event =
      R"({"time":"2026-11-18T11:06:40Z","actor":{"type":"process","id":"x"},"action":"a","attributes":{"host":"web-1"}})";
  entries.add({"syslog", "syslog-udp", "", ""}, event, kStart);
  entries.add({"app", "http", "", ""}, event, kStart);
  const Ledger ledger = entries.ledger();
  EXPECT_TRUE(ledger.sources().contains("syslog/web-1"));
  EXPECT_TRUE(ledger.sources().contains("app"));
  EXPECT_EQ(ledger.last_seen("syslog"), kStart);
}

// Goal: a gap and a silence are found, written, and not found again; also after the ledger was read back.
TEST(Ledger, finds_each_thing_once_also_after_a_restart) {
  const Registry expected = registry("sources:\n  billing: {expect: 10s}\n");
  Entries entries;
  entries.add_numbered("billing", 1, kStart);
  entries.add_numbered("billing", 4, kStart);
  const UnixNanos later = kStart + 20 * kSecond;
  Ledger ledger = entries.ledger();
  const auto found = ledger.due(expected, later, kStart, kGrace);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, Finding::Kind::kGap);
  EXPECT_EQ(found[0].numbers, (NumberRange{2, 3}));
  EXPECT_EQ(found[1].kind, Finding::Kind::kSilent);
  EXPECT_TRUE(ledger.due(expected, later, kStart, kGrace).empty());
  ledger.ask_again();
  EXPECT_EQ(ledger.due(expected, later, kStart, kGrace).size(), 2U);
  for (const Finding& finding : found) entries.add_own(event_of(finding, expected, later), later);

  ledger = entries.ledger();
  EXPECT_TRUE(ledger.due(expected, later, kStart, kGrace).empty());
  auto kept = LedgerFile::read(LedgerFile::write(ledger, {"00", ledger.size(), {}}));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_TRUE(kept->ledger.due(expected, later, kStart, kGrace).empty());

  for (const unsigned seq : {2U, 3U}) entries.add_numbered("billing", seq, later);
  ledger = entries.ledger();
  const auto mended = ledger.due(expected, later, kStart, kGrace);
  ASSERT_EQ(mended.size(), 2U);
  EXPECT_EQ(mended[0].kind, Finding::Kind::kGapFilled);
  EXPECT_EQ(mended[1].kind, Finding::Kind::kResumed);
}

// Goal: whatever sources, hosts and counters are called, what is written and signed is valid, is read back, and a finding about
// them is not made again after a start.
TEST(Ledger, knows_a_source_by_any_name_again) {
  const std::string host(300, 'h');
  const std::pair<const char*, std::string> cases[] = {
      {"http", "a"},
      {"syslog-tcp", host + "1"},
      {"syslog-tcp", host + "2"},
      {"syslog-tcp", std::string(255, 'x') + "\xf0\x9f\x90\xa2"},
      {"syslog-tcp", "a\xef\xbf\xbd"},
  };
  const std::string sequences[] = {"", "s\xef\xbf\xbd", std::string(5000, 's') + "1", std::string(5000, 's') + "2"};
  Entries entries;
  const std::string source = "s\xef\xbf\xbd";
  for (const auto& [kind, name] : cases) {
    for (const std::string& sequence : sequences) {
      for (const char* seq : {"1", "3"})
        entries.add({source, kind, "", ""},
                    std::string(R"({"seq":)") + seq + R"(,"actor":{"type":"user","id":")" + std::string(5000, 'u') +
                        R"("},"action":"a","context":{"sequence":")" + sequence + R"("},"attributes":{"host":")" + name +
                        R"("}})",
                    kStart);
    }
  }
  const UnixNanos later = kStart + 20 * kSecond;
  Ledger ledger = entries.ledger();
  EXPECT_EQ(ledger.sources().size(), std::size(cases));
  const auto found = ledger.due(Registry(), later, kStart, kGrace);
  EXPECT_EQ(found.size(), std::size(cases) * std::size(sequences));
  for (const Finding& finding : found) entries.add_own(event_of(finding, Registry(), later), later);
  event::InternalEvent refused;  // as the doors write it
  refused.action = "stele.refused";
  refused.attributes = {{"source", source}, {"events", std::uint64_t{3}}};
  entries.add_own(refused, later);
  ledger = entries.ledger();
  EXPECT_TRUE(ledger.due(Registry(), later, kStart, kGrace).empty());
  EXPECT_EQ(ledger.sources().at("s<ef><bf><bd>").tally(0, day_of(later)).refused, 3U);

  const std::string content = LedgerFile::write(ledger, {"00", ledger.size(), {}});
  auto kept = LedgerFile::read(content);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(LedgerFile::write(kept->ledger, kept->place), content);
  EXPECT_TRUE(kept->ledger.due(Registry(), later, kStart, kGrace).empty());
  const std::string statement = statement_text(ledger, {"log.example/a", all_of_it(), ledger.size(), {}});
  EXPECT_TRUE(is_utf8(statement));
  EXPECT_TRUE(parse_statement(statement));
  EXPECT_TRUE(is_utf8(coverage_json(ledger, Registry(), all_of_it(), later)));
  EXPECT_LT(statement.size(), 30'000U);
}

// Goal: of counters that are no longer kept the sums stay, on the page, in the statement and in the kept ledger.
TEST(Ledger, keeps_the_sums_of_counters_it_forgets) {
  Entries entries;
  constexpr std::size_t kForgotten = 3;
  for (std::size_t i = 0; i < Ledger::kSequencesMax + kForgotten; ++i) {
    for (const char* seq : {"1", "4"})
      entries.add({"shop", "http", "", ""},
                  std::string(R"({"seq":)") + seq +
                      R"(,"actor":{"type":"user","id":"ada"},"action":"a","context":{"sequence":"till-)" + std::to_string(i) +
                      "\"}}",
                  kStart);
  }
  const Ledger ledger = entries.ledger();
  EXPECT_EQ(ledger.sources().at("shop").missing(), 2 * (Ledger::kSequencesMax + kForgotten));
  const std::string sums = R"("older_sequences":{"count":3,"received":6,"missing":6})";
  const std::string page = coverage_json(ledger, Registry(), all_of_it(), kStart);
  EXPECT_NE(page.find(sums), std::string::npos);
  EXPECT_NE(page.find(R"("missing":518)"), std::string::npos);
  const StatementHead head{"log.example/a", all_of_it(), ledger.size(), {}};
  const std::string text = statement_text(ledger, head);
  EXPECT_NE(text.find(sums), std::string::npos);
  const auto kept = LedgerFile::read(LedgerFile::write(ledger, {"00", ledger.size(), {}}));
  ASSERT_TRUE(kept);
  EXPECT_EQ(statement_text(kept->ledger, head), text);
}

// An entry of a source of which nothing is known but this, without the cost of writing and reading it.
Sighting numbered(std::string_view source, std::uint64_t seq, UnixNanos received) {
  Sighting out;
  out.received = received;
  out.source = source;
  out.kind = "http";
  out.seq = seq;
  return out;
}

// Goal: past the sources that are kept apart the counts are right, no gap is invented of counters that have nothing to do with
// each other, and Stele and those that are expected have a place.
TEST(Ledger, counts_further_sources_together) {
  Ledger ledger;
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < Ledger::kSourcesMax; ++i) ledger.observe(index++, numbered("s" + std::to_string(i), 1, kStart), "");
  for (const char* source : {"x", "y", "z"}) {
    for (std::uint64_t seq = 1; seq < 100; seq += 7) ledger.observe(index++, numbered(source, seq, kStart), "");
  }
  const SourceState& others = ledger.sources().at("(others)");
  EXPECT_EQ(others.tally(day_of(kStart), day_of(kStart)).stored(), 3U * 15);
  EXPECT_TRUE(others.sequences.empty());

  const Registry expected = registry("sources: {late: {expect: 10s}, later: {expect: 10s}}");
  const UnixNanos later = kStart + 20 * kSecond;
  SightingReader reader;
  const auto found = ledger.due(expected, later, kStart, kGrace);
  ASSERT_EQ(found.size(), 2U);
  for (const Finding& finding : found) {
    auto batch = event::internal_batch(event_of(finding, expected, later));
    ASSERT_TRUE(batch);
    testing::SeededRandom random(1);
    batch->stamp(later, random);
    ledger.observe(index++, *reader.read(batch->entry(0)), batch->entry(0));
  }
  EXPECT_TRUE(ledger.due(expected, later, kStart, kGrace).empty());
  EXPECT_TRUE(ledger.sources().at("late").silent);
  EXPECT_TRUE(ledger.sources().contains("stele"));
  ledger.observe(index++, numbered("late", 1, later), "");
  EXPECT_EQ(ledger.due(expected, later, kStart, kGrace)[0].kind, Finding::Kind::kResumed);
}

// Goal: a flood of invented hosts takes the places of hosts alone; also of a ledger that was kept meanwhile.
TEST(Ledger, bounds_the_hosts_of_a_source) {
  Ledger ledger;
  std::uint64_t index = 0;
  const auto flood = [&](std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) {
      Sighting one = numbered("syslog", 1, kStart);
      one.kind = "syslog-udp";
      const std::string host = "h" + std::to_string(i);
      one.host = host;
      ledger.observe(index++, one, "");
    }
  };
  flood(0, Ledger::kHostsMax - 1);
  auto kept = LedgerFile::read(LedgerFile::write(ledger, {"00", ledger.size(), {}}));
  ASSERT_TRUE(kept);
  ledger = std::move(kept->ledger);
  flood(Ledger::kHostsMax, 100);
  EXPECT_EQ(ledger.sources().size(), Ledger::kHostsMax + 1);
  EXPECT_EQ(ledger.sources().at("syslog/(others)").tally(0, day_of(kStart)).stored(), 99U);
  EXPECT_TRUE(ledger.sources().at("syslog/(others)").sequences.empty());
  ledger.observe(index++, numbered("billing", 1, kStart), "");
  EXPECT_TRUE(ledger.sources().contains("billing"));
}

// Goal: a server that was away does not call those silent who could not reach it.
TEST(Ledger, counts_silence_from_when_somebody_listened) {
  const Registry expected = registry("sources: {billing: {expect: 10s}, never: {expect: 10s}}");
  Entries entries;
  entries.add_numbered("billing", 1, kStart);
  Ledger ledger = entries.ledger();
  const UnixNanos back = kStart + 1000 * kSecond;
  EXPECT_TRUE(ledger.due(expected, back + 9 * kSecond, back, kGrace).empty());
  EXPECT_EQ(ledger.due(expected, back + 11 * kSecond, back, kGrace).size(), 2U);
}

// Goal: what is kept is what was known, to the last number; a changed byte is noticed.
TEST(LedgerFile, keeps_everything) {
  Entries entries;
  for (std::uint64_t i = 1; i < 500; ++i) {
    if (i % 7 != 0) entries.add_numbered(i % 3 == 0 ? "a" : "b", i, kStart + static_cast<UnixNanos>(i) * 1000 * kSecond);
  }
  entries.add_numbered("a", 1, kStart + 500'000 * kSecond);  // perhaps begun anew
  const Ledger ledger = entries.ledger();
  const std::string content = LedgerFile::write(ledger, {"abcd", ledger.size(), {}});
  const auto kept = LedgerFile::read(content);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(LedgerFile::write(kept->ledger, kept->place), content);
  const StatementHead head{"log.example/a", all_of_it(), ledger.size(), {}};
  EXPECT_EQ(statement_text(kept->ledger, head), statement_text(ledger, head));
  std::string altered = content;
  altered[content.find("\"received\":") + 11] ^= 1;
  EXPECT_FALSE(LedgerFile::read(altered));
  EXPECT_FALSE(LedgerFile::read(content.substr(0, content.size() - 1)));
}

// Goal: a statement adds up, to the event, and leads back to what it is about.
TEST(Coverage, a_statement_adds_up) {
  Entries entries;
  for (std::uint64_t i = 1; i <= 100; ++i) entries.add_numbered("a", i, kStart + static_cast<UnixNanos>(i) * 3000 * kSecond);
  const Ledger ledger = entries.ledger();
  const StatementHead head{"log.example/a", all_of_it(), ledger.size(), Hash{1, 2, 3}};
  const std::string text = statement_text(ledger, head);
  const auto read = parse_statement(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->tree_size, 100U);
  EXPECT_EQ(statement_text(ledger, *read), text);
  EXPECT_NE(text.find(R"("total":{"received":100,"stored":100,"quarantined":0,"refused":0)"), std::string::npos) << text;
}

// Goal: a category that nobody feeds is named, one that only Stele feeds as well.
TEST(Coverage, names_the_categories_that_nobody_feeds) {
  Entries entries;
  entries.add_numbered("a", 1, kStart);
  event::InternalEvent own;
  own.action = "stele.disk.filling";
  own.category = "system_error";
  entries.add_own(own, kStart);
  const std::string json = coverage_json(entries.ledger(), Registry(), all_of_it(), kStart);
  const std::string unfed = json.substr(json.find("\"unfed\""));
  EXPECT_EQ(unfed.find("user_action"), std::string::npos);
  EXPECT_NE(unfed.find("system_error"), std::string::npos);
  EXPECT_NE(unfed.find("data_export"), std::string::npos);
}

}  // namespace
}  // namespace stele::sources
