// What Stele says of itself is an event like any other.
#include "event/internal_event.h"

#include <gtest/gtest.h>

#include "event/intake.h"

namespace stele::event {
namespace {

InternalEvent sample() {
  InternalEvent event;
  event.time = 1'795'000'000'000'000'000;
  event.action = "stele.disk.filling";
  event.category = "system_error";
  event.outcome = "failure";
  event.severity = "warning";
  event.message = "There is little space left.";
  event.targets = {{"disk", "/var/lib/stele"}};
  event.attributes = {{"free_bytes", std::uint64_t{5}}, {"why", std::string("a \"quote\"")}, {"full", false}};
  return event;
}

// Goal: every member stands where a reader of the format expects it.
TEST(InternalEvent, has_these_bytes) {
  EXPECT_EQ(internal_event_json(sample()),
            R"({"time":"2026-11-18T11:06:40.000000000Z","actor":{"type":"process","id":"stele"},"action":"stele.disk.filling",)"
            R"("category":"system_error","outcome":"failure","targets":[{"type":"disk","id":"/var/lib/stele"}],)"
            R"("severity":"warning","message":"There is little space left.",)"
            R"("attributes":{"free_bytes":5,"why":"a \"quote\"","full":false}})");
}

// Goal: the schema that holds for everyone holds for Stele, whatever bytes it has to tell of.
TEST(InternalEvent, passes_the_intake_whatever_its_texts_are) {
  InternalEvent event = sample();
  for (const std::string& text : {std::string("plain"), std::string("\xff\x00\n\"\\", 5), std::string(100'000, '\x01')}) {
    event.message = text;
    event.targets = {{"source", text}};
    event.attributes = {{"text", text}};
    Intake intake({});
    Accepted accepted;
    Finding error;
    ASSERT_TRUE(intake.read(internal_event_json(event), accepted, error)) << error.message << " at " << error.path;
    EXPECT_TRUE(accepted.warnings.empty());
    EXPECT_EQ(accepted.text, internal_event_json(event));
    EXPECT_TRUE(internal_batch(event));
  }
}

// Goal: such an entry is recognised by a comparison at a fixed place.
TEST(InternalEvent, names_its_source_right_behind_the_head) {
  const auto batch = internal_batch(sample());
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->entry(0).substr(kHeadBytes).starts_with(kInternalSource));
}

// Goal: what fits in no entry is an error and not cut in silence.
TEST(InternalEvent, is_refused_when_it_is_longer_than_an_entry) {
  InternalEvent event = sample();
  for (int i = 0; i < 20; ++i) event.attributes.emplace_back("text" + std::to_string(i), std::string(4096, 'x'));
  EXPECT_EQ(internal_batch(event).error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace stele::event
