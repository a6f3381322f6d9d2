// What the names of fields stand for.
#include "query/fields.h"

#include <gtest/gtest.h>

namespace stele::query {
namespace {

using Paths = std::vector<std::string>;

TEST(Fields, StandForTheirPaths) {
  EXPECT_EQ(find_field("actor").paths, (Paths{"actor.id", "actor.name", "actor.email"}));
  EXPECT_EQ(find_field("rule").paths, (Paths{"derived.by"}));
  EXPECT_EQ(find_field("actor.type").paths, (Paths{"actor.type"}));
  EXPECT_EQ(find_field("context.span_id").paths, (Paths{"context.span_id"}));
  EXPECT_EQ(find_field("source.peer").paths, (Paths{"source.peer"}));
  EXPECT_EQ(find_field("original").paths, (Paths{"original"}));
  EXPECT_EQ(find_field("idx").paths, Paths());
  EXPECT_EQ(find_field("received").paths, Paths());
}

TEST(Fields, ThatAreNotKnownAreAttributesOrMembersOfTheEvent) {
  EXPECT_EQ(find_field("region").paths, (Paths{"attributes.region", "region"}));
  EXPECT_EQ(find_field("host.name").paths, (Paths{"attributes.host.name", "host.name"}));
  EXPECT_EQ(find_field("attributes.host").paths, (Paths{"attributes.host"}));
  EXPECT_EQ(find_field("attributes").paths, (Paths{"attributes"}));
  EXPECT_FALSE(find_field("region").known);
  EXPECT_FALSE(find_field("Actor").known);
}

TEST(Fields, AreAllFoundByTheirNames) {
  for (const std::string_view name : known_fields()) EXPECT_TRUE(find_field(name).known) << name;
}

TEST(Fields, ThatAreMisspeltHaveSimilarOnes) {
  EXPECT_EQ(similar_field("outcme"), "outcome");
  EXPECT_EQ(similar_field("Time"), "time");
  EXPECT_EQ(similar_field("actor.nmae"), "actor.name");
  EXPECT_EQ(similar_field("atributes.x"), "attributes.x");
  EXPECT_EQ(similar_field("region"), "");
  EXPECT_EQ(similar_field("attributes.nmae"), "");
}

TEST(Fields, MayHoldAddressesOrNamedValues) {
  for (const auto* name : {"ip", "origin.ip", "client_ip", "clientIp", "srcIP", "net.peer-ip"})
    EXPECT_TRUE(holds_addresses(find_field(name))) << name;
  for (const auto* name : {"zip", "ZIP", "chip", "ip.x", "i", "address"}) EXPECT_FALSE(holds_addresses(find_field(name))) << name;
  EXPECT_EQ(values_of(find_field("outcome")).size(), 4U);
  EXPECT_EQ(values_of(find_field("type")).front(), "user");
  EXPECT_TRUE(values_of(find_field("actor")).empty());
}

}  // namespace
}  // namespace stele::query
