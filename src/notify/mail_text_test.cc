// A notice as a mail that every reader of RFC 5322 takes for what it is.
#include "notify/mail_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace stele::notify {
namespace {

Notice sample() {
  return {.id = "01a20935-07fb-7000-8908-070605040302",
          .kind = "source.silent",
          .severity = "warning",
          .subject_type = "source",
          .subject = "gate-1",
          .message = "Nothing came from gate-1 for 2 hours.",
          .details = {{"seconds", "7200"}, {"note", R"("a \"b\"")"}},
          .time = 1'795'000'000'000'000'000,
          .log = "log.example/main",
          .index = 812};
}

std::string mail(const Notice& notice) { return mail_text(notice, "stele@example.com", "ada@example.org"); }

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 2);
  }
  return lines;
}

std::vector<std::string> header_names(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(text.substr(0, text.find("\r\n\r\n")))) {
    if (!line.starts_with(' ')) names.push_back(line.substr(0, line.find(':')));
  }
  return names;
}

const std::vector<std::string> kNames{
    "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

// Goal: the whole text, so that a change of it is seen.
TEST(MailText, has_these_bytes) {
  EXPECT_EQ(mail(sample()),
            "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
            "From: Stele <stele@example.com>\r\n"
            "To: <ada@example.org>\r\n"
            "Subject: [stele] warning: Nothing came from gate-1 for 2 hours.\r\n"
            "Message-ID: <01a20935-07fb-7000-8908-070605040302@example.com>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "Nothing came from gate-1 for 2 hours.\r\n"
            "\r\n"
            "kind: source.silent\r\n"
            "severity: warning\r\n"
            "about: source gate-1\r\n"
            "time: 2026-11-18T11:06:40.000000000Z\r\n"
            "log: log.example/main\r\n"
            "entry: 812\r\n"
            "\r\n"
            "seconds: 7200\r\n"
            "note: a \"b\"\r\n");
}

// Goal: no text of a source adds a header, ends the head or adds a line of the body that looks like ours.
TEST(MailText, lets_nothing_inject_a_header) {
  for (const std::string text : {"x\r\nBcc: eve@example.net", "x\nBcc: eve@example.net\n\nbody", "x\r\n\r\nkind: forged", "\r",
                                 "\n.\r\n", "=?UTF-8?Q?x=0D=0ABcc:_eve?=",
                                 "x\xe2\x80\xa8"
                                 "Bcc: eve",
                                 "\xff\r\n\xfe"}) {
    Notice notice = sample();
    notice.kind = notice.severity = notice.subject = notice.subject_type = notice.message = notice.log = text;
    notice.id = text;
    notice.details = {{text, "1"}};
    const std::string out = mail(notice);
    EXPECT_EQ(header_names(out), kNames) << text;
    for (const std::string& line : lines_of(out)) {
      EXPECT_FALSE(line.starts_with("Bcc:")) << out;
      EXPECT_NE(line, "kind: forged");
      EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << "a bare CR or LF in: " << line;
    }
  }
}

// Goal: SMTP's limits hold whatever the length: 78 characters a line, and 7-bit bytes (RFC 5322 section 2.1.1).
TEST(MailText, has_short_lines_of_ascii) {
  Notice notice = sample();
  notice.message.clear();
  for (int i = 0; i < 2000; ++i) notice.message += i % 3 == 0 ? "\xc3\xa9" : i % 3 == 1 ? "\xf0\x9f\xaa\xa8" : "plain ";
  notice.details = {{"long", "\"" + std::string(20'000, '=') + "\""}, {"spaces", "\"" + std::string(200, ' ') + "\""}};
  const std::string out = mail(notice);
  EXPECT_EQ(header_names(out), kNames);
  for (const std::string& line : lines_of(out)) {
    EXPECT_LE(line.size(), 78U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << "a relay may drop it: " << line;
  }
  for (const char c : out) EXPECT_TRUE(c == '\r' || c == '\n' || (c >= ' ' && c < 0x7f));
}

// Goal: a repeat is the same message, and a sum is another one than the notice it ends with.
TEST(MailText, is_the_same_for_the_same_notice) {
  Notice notice = sample();
  EXPECT_EQ(mail(notice), mail(notice));
  notice.more = 41;
  notice.since = notice.time;
  const std::string summed = mail(notice);
  EXPECT_NE(summed.find("Message-ID: <01a20935-07fb-7000-8908-070605040302.41@example.com>"), std::string::npos);
  EXPECT_NE(summed.find("And 41 more like this since 2026-11-18T11:06:40.000000000Z."), std::string::npos) << summed;
}

// Goal: only what a header and an SMTP command can hold as it is passes for an address.
TEST(MailText, knows_a_mailbox) {
  for (const char* good : {"ada@example.org", "a.b+c@mail.example.co.uk", "root@localhost"})
    EXPECT_TRUE(is_mailbox(good)) << good;
  for (const char* bad : {"", "ada", "@example.org", "ada@", "a b@example.org", "ada@example.org\r\nX: y", "<ada@example.org>",
                          "ada@example.org,eve@example.org", "\"a\"@example.org", "a@b@c", "\xc3\xa9@example.org"})
    EXPECT_FALSE(is_mailbox(bad)) << bad;
  EXPECT_FALSE(is_mailbox(std::string(250, 'a') + "@example.org"));
}

}  // namespace
}  // namespace stele::notify
