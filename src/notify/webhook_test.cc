// What a webhook sends, and where.
#include "notify/webhook.h"

#include <gtest/gtest.h>

namespace stele::notify {
namespace {

// Goal: the body and its signature are those of docs/formats/notification.md, which shows these very bytes.
TEST(Webhook, has_the_body_and_signature_of_the_document) {
  Notice notice{.id = "01a20935-07fb-7000-8908-070605040302",
                .kind = "disk.filling",
                .severity = "warning",
                .subject_type = "disk",
                .subject = "/var/lib/stele",
                .message = "There is little space left.",
                .details = {{"free_bytes", "5368709120"}},
                .time = 1'795'000'000'000'000'000,
                .log = "log.example/main",
                .index = 812,
                .more = 41,
                .since = 1'794'999'400'000'000'000};
  const std::string body = webhook_body(notice);
  EXPECT_EQ(body,
            R"({"stele_notification":1,"id":"01a20935-07fb-7000-8908-070605040302","kind":"disk.filling","severity":"warning",)"
            R"("subject":{"type":"disk","id":"/var/lib/stele"},"message":"There is little space left.",)"
            R"("details":{"free_bytes":5368709120},"time":"2026-11-18T11:06:40.000000000Z","log":"log.example/main","index":812,)"
            R"("more":41,"since":"2026-11-18T10:56:40.000000000Z"})"
            "\n");
  EXPECT_EQ(webhook_signature("secret", 1'795'000'000, body),
            "t=1795000000,v1=e8a5e18fabb1e36458fbc463187f09b31544cc64d865b7543cefa09c00513baa");
}

// Goal: what is shown of a URL holds nothing that may be a secret, and what is asked for is what was written.
TEST(Webhook, splits_its_url) {
  const auto url = parse_webhook_url("https://user:pass@hooks.example.com:8443/services/T0/B0?key=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->base, "https://user:pass@hooks.example.com:8443");
  EXPECT_EQ(url->target, "/services/T0/B0?key=1");
  EXPECT_EQ(url->place, "https://hooks.example.com:8443");
  EXPECT_TRUE(url->secure);
  EXPECT_FALSE(url->loopback);
  EXPECT_EQ(parse_webhook_url("https://h?a")->target, "/?a");
  EXPECT_EQ(parse_webhook_url("https://h/x/")->target, "/x/");
  for (const char* here : {"http://127.0.0.1:1/x", "http://localhost", "http://[::1]:80/"})
    EXPECT_TRUE(parse_webhook_url(here)->loopback) << here;
  for (const char* there : {"http://127.evil.example", "http://localhost.evil.example", "http://127.0.0.1@evil.example/"})
    EXPECT_FALSE(parse_webhook_url(there)->loopback) << there;
  for (const char* wrong : {"", "ftp://h/", "https://", "https:///x", "https://h/a b", "https://h/\r\nX: y", "hooks.example.com"})
    EXPECT_FALSE(parse_webhook_url(wrong)) << wrong;
}

}  // namespace
}  // namespace stele::notify
