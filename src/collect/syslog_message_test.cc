// What is read from the examples of the RFCs, from what real senders emit, and from what hostile ones do.
#include "collect/syslog_message.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stele::collect {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kReceived = "2026-11-23T16:20:05.000000000Z";

UnixNanos at(std::string_view rfc3339) { return parse_time(rfc3339).value(); }

// One line for what was read, in the order of the fields, so that a case is one row: absent fields are "-".
std::string show(const SyslogMessage& m) {
  const auto or_nil = [](std::string_view s) { return s.empty() ? std::string("-") : std::string(s); };
  std::string out;
  if (m.has_pri) out = std::to_string(m.facility) + "." + std::to_string(m.severity);
  out += m.format == SyslogFormat::kRfc5424 ? " 5424" : m.format == SyslogFormat::kRfc3164 ? " 3164" : " free";
  out += " " + (m.time ? format_time(*m.time) : "-");
  out += m.time_source == SyslogTime::kFull ? " full" : m.time_source == SyslogTime::kAssumed ? " assumed" : " absent";
  out += " host=" + or_nil(m.hostname) + " app=" + or_nil(m.app_name) + " pid=" + or_nil(m.proc_id) + " id=" + or_nil(m.msg_id);
  for (const SdElement& element : m.sd_elements) {
    out += " [" + std::string(element.id);
    for (const SdParam& param : m.params(element)) out += " " + std::string(param.name) + "=<" + param.value() + ">";
    out += "]";
  }
  return out + (m.sd_incomplete ? " incomplete" : "") + " |" + std::string(m.message);
}

struct Reading {
  std::string_view line;
  std::string_view shown;
};

void check(const std::vector<Reading>& cases) {
  for (const auto& [line, shown] : cases) EXPECT_EQ(show(parse_syslog(line, at(kReceived))), shown) << line;
}

// Goal: the examples of RFC 5424 sections 6.5 (messages), 6.2.3.1 (times) and 6.3.5 (structured data).
TEST(SyslogMessage, reads_the_examples_of_rfc_5424) {
  check({
      {"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8",
       "4.2 5424 2003-10-11T22:14:15.003000000Z full host=mymachine.example.com app=su pid=- id=ID47 "
       "|'su root' failed for lonvick on /dev/pts/8"},
      {"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
       "20.5 5424 2003-08-24T12:14:15.000003000Z full host=192.0.2.1 app=myproc pid=8710 id=- |%% It's time to make the "
       "do-nuts."},
      {"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
       "eventSource=\"Application\" eventID=\"1011\"] \xef\xbb\xbf"
       "An application event log entry...",
       "20.5 5424 2003-10-11T22:14:15.003000000Z full host=mymachine.example.com app=evntslog pid=- id=ID47 "
       "[exampleSDID@32473 iut=<3> eventSource=<Application> eventID=<1011>] |An application event log entry..."},
      {"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
       "eventSource=\"Application\" eventID=\"1011\"][examplePriority@32473 class=\"high\"]",
       "20.5 5424 2003-10-11T22:14:15.003000000Z full host=mymachine.example.com app=evntslog pid=- id=ID47 "
       "[exampleSDID@32473 iut=<3> eventSource=<Application> eventID=<1011>] [examplePriority@32473 class=<high>] |"},
      {"<0>1 1985-04-12T23:20:50.52Z - - - - -", "0.0 5424 1985-04-12T23:20:50.520000000Z full host=- app=- pid=- id=- |"},
      {"<0>1 1985-04-12T19:20:50.52-04:00 - - - - -", "0.0 5424 1985-04-12T23:20:50.520000000Z full host=- app=- pid=- id=- |"},
      {"<0>1 - - - - - - x", "0.0 5424 - absent host=- app=- pid=- id=- |x"},
      {"<0>1 2003-08-24T05:14:15.000000003-07:00 h - - - - nanoseconds are more than it allows, and are understood",
       "0.0 5424 2003-08-24T12:14:15.000000003Z full host=h app=- pid=- id=- "
       "|nanoseconds are more than it allows, and are understood"},
      {"<0>1 - - - - - [a@1 x=\"1\"] [b@1 y=\"2\"]", "0.0 5424 - absent host=- app=- pid=- id=- [a@1 x=<1>] |[b@1 y=\"2\"]"},
      {"<0>1 - - - - - [ a@1 x=\"1\"][b@1 y=\"2\"]",
       "0.0 5424 - absent host=- app=- pid=- id=- incomplete |[ a@1 x=\"1\"][b@1 y=\"2\"]"},
      {"<0>1 - - - - - [sigSig ver=\"1\" rsID=\"1234\" iut=\"3\"]",
       "0.0 5424 - absent host=- app=- pid=- id=- [sigSig ver=<1> rsID=<1234> iut=<3>] |"},
  });
}

// Goal: the examples of RFC 3164 section 5.4. In the third, "CST" stands where the hostname belongs, as the text there says;
// the fourth has no time where one belongs.
TEST(SyslogMessage, reads_the_examples_of_rfc_3164) {
  check({
      {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
       "4.2 3164 2026-10-11T22:14:15.000000000Z assumed host=mymachine app=su pid=- id=- "
       "|'su root' failed for lonvick on /dev/pts/8"},
      {"Use the BFG!", " free - absent host=- app=- pid=- id=- |Use the BFG!"},
      {"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
       "1.5 3164 2027-02-05T17:32:18.000000000Z assumed host=10.0.0.99 app=- pid=- id=- |Use the BFG!"},
      {"<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%  Ingredients: Mix=OK #",
       "20.5 3164 2026-08-24T05:34:00.000000000Z assumed host=CST app=- pid=- id=- "
       "|1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%  Ingredients: Mix=OK #"},
      {"<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
       "0.0 3164 - absent host=- app=- pid=- id=- "
       "|1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!"},
      {"<0>Oct 22 10:52:12 scapegoat 1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
       "0.0 3164 2026-10-22T10:52:12.000000000Z assumed host=scapegoat app=- pid=- id=- "
       "|1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!"},
      {"<00>an unidentifiable PRI (section 4.3.3)",
       " free - absent host=- app=- pid=- id=- |<00>an unidentifiable PRI (section 4.3.3)"},
  });
}

// Goal: what rsyslog, syslog-ng, libc, logger, BSD relays and containers write.
TEST(SyslogMessage, reads_what_real_senders_write) {
  check({
      // rsyslog: RSYSLOG_ForwardFormat, RSYSLOG_TraditionalForwardFormat, RSYSLOG_SyslogProtocol23Format, and its two file
      // formats.
      {"<86>2026-11-23T16:20:00.123456+00:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port 51230 ssh2",
       "10.6 3164 2026-11-23T16:20:00.123456000Z full host=web-1 app=sshd pid=812 id=- "
       "|Accepted publickey for ada from 203.0.113.9 port 51230 ssh2"},
      {"<86>Nov 23 16:20:00 web-1 sshd[812]: Accepted",
       "10.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=sshd pid=812 id=- |Accepted"},
      {"<86>1 2026-11-23T17:20:00.123456+01:00 web-1 sshd 812 - - Accepted",
       "10.6 5424 2026-11-23T16:20:00.123456000Z full host=web-1 app=sshd pid=812 id=- |Accepted"},
      {"2026-11-23T16:20:00.123456+00:00 web-1 sshd[812]: Accepted",
       " 3164 2026-11-23T16:20:00.123456000Z full host=web-1 app=sshd pid=812 id=- |Accepted"},
      {"Nov 23 16:20:00 web-1 sshd[812]: Accepted",
       " 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=sshd pid=812 id=- |Accepted"},
      {"<46>Nov 23 16:20:00 web-1 rsyslogd: [origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] start",
       "5.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=rsyslogd pid=- id=- "
       "|[origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] start"},
      {"<6>Nov 23 16:20:00 web-1 kernel: [   12.345678] usb 1-1: new device",
       "0.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=kernel pid=- id=- |[   12.345678] usb 1-1: new device"},
      {"<85>Nov 23 16:20:00 web-1 sudo:      pi : TTY=pts/0 ; COMMAND=/bin/sh",
       "10.5 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=sudo pid=- id=- |     pi : TTY=pts/0 ; COMMAND=/bin/sh"},
      // syslog-ng, with chained hostnames and with fractions of a second.
      {"<38>Nov 23 16:20:00.250 src@web-1/relay postfix/smtpd[99]: connect",
       "4.6 3164 2026-11-23T16:20:00.250000000Z assumed host=src@web-1/relay app=postfix/smtpd pid=99 id=- |connect"},
      {"<38>2026-11-23T16:20:00+01:00 web-1 (sd-pam)[99]: x",
       "4.6 3164 2026-11-23T15:20:00.000000000Z full host=web-1 app=(sd-pam) pid=99 id=- |x"},
      // libc's syslog() on /dev/log, busybox and the Docker driver's default: no hostname.
      {"<13>Nov 23 16:20:00 cron[7]: job\n", "1.5 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=cron pid=7 id=- |job"},
      {"<13>Nov 23 16:20:00 pam_unix(sshd:session): opened",
       "1.5 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=pam_unix(sshd:session) pid=- id=- |opened"},
      {"<30>Nov 23 16:20:00 5790672ab6a0[9103]: Hello from Docker.",
       "3.6 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=5790672ab6a0 pid=9103 id=- |Hello from Docker."},
      {"<30>Nov 23 16:20:00 node-3 alpine:3.18/happy_ada/579067[9103]: Hello",
       "3.6 3164 2026-11-23T16:20:00.000000000Z assumed host=node-3 app=alpine:3.18/happy_ada/579067 pid=9103 id=- |Hello"},
      {"<30>1 2026-11-23T16:20:00Z node-3 5790672ab6a0 9103 5790672ab6a0 - Hello",
       "3.6 5424 2026-11-23T16:20:00.000000000Z full host=node-3 app=5790672ab6a0 pid=9103 id=5790672ab6a0 |Hello"},
      // BSD and AIX relays; repeated messages.
      {"<38>Nov 23 16:20:00 Forwarded from web-1: sshd[812]: x",
       "4.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=sshd pid=812 id=- |x"},
      {"<38>Nov 23 16:20:00 Message forwarded from web-1: sshd[812]: x",
       "4.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=sshd pid=812 id=- |x"},
      {"<38>Nov 23 16:20:00 last message repeated 3 times",
       "4.6 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=- pid=- id=- |last message repeated 3 times"},
      {"<38>Nov 23 16:20:00 message repeated 3 times: [x]",
       "4.6 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=- pid=- id=- |message repeated 3 times: [x]"},
      {"<38>Nov 23 16:20:00 web-1 last message repeated 3 times",
       "4.6 3164 2026-11-23T16:20:00.000000000Z assumed host=web-1 app=- pid=- id=- |last message repeated 3 times"},
      // Senders that leave parts out, or add some.
      {"<13>myapp: hello", "1.5 3164 - absent host=- app=myapp pid=- id=- |hello"},
      {"<13>hello there", "1.5 3164 - absent host=- app=- pid=- id=- |hello there"},
      {"<13>{\"user\": \"ada\"}", "1.5 3164 - absent host=- app=- pid=- id=- |{\"user\": \"ada\"}"},
      {"<189>date=2026-11-23 time=16:20:00 devname=\"fw\"",
       "23.5 3164 - absent host=- app=- pid=- id=- |date=2026-11-23 time=16:20:00 devname=\"fw\""},
      {"<14>Nov 23 16:20:00 PA-VM 1,2026/11/23 16:20:00,0",
       "1.6 3164 2026-11-23T16:20:00.000000000Z assumed host=PA-VM app=- pid=- id=- |1,2026/11/23 16:20:00,0"},
      {"<13>Nov  3 16:20:00 2001:db8::7 app[12]:x",
       "1.5 3164 2026-11-03T16:20:00.000000000Z assumed host=2001:db8::7 app=app pid=12 id=- |x"},
      {"<13>Nov  3 16:20:00 fe80:: app: x", "1.5 3164 2026-11-03T16:20:00.000000000Z assumed host=fe80:: app=app pid=- id=- |x"},
      {"<13>Nov 3 16:20:00  h app[12] no colon",
       "1.5 3164 2026-11-03T16:20:00.000000000Z assumed host=h app=app pid=12 id=- |no colon"},
      {"<13>Nov 03 16:20:00 - app: x", "1.5 3164 2026-11-03T16:20:00.000000000Z assumed host=- app=app pid=- id=- |x"},
      {"<13>Nov 23 16:20:00", "1.5 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=- pid=- id=- |"},
      {"<13>Nov 23 16:20:00 2025 h a: x", "1.5 3164 2025-11-23T16:20:00.000000000Z assumed host=h app=a pid=- id=- |x"},
      {"<13>Nov 23 16:20:00 UTC 2025 h a: x", "1.5 3164 2025-11-23T16:20:00.000000000Z full host=h app=a pid=- id=- |x"},
      {"<13>2026-11-23T16:20:00 h a: x", "1.5 3164 2026-11-23T16:20:00.000000000Z assumed host=h app=a pid=- id=- |x"},
      {"<13>2026-11-23T16:20:00.5+0130 h a: x", "1.5 3164 2026-11-23T14:50:00.500000000Z full host=h app=a pid=- id=- |x"},
      {"\xef\xbb\xbf<13>a: x", "1.5 3164 - absent host=- app=a pid=- id=- |x"},
      {"<40>1 2026-11-23T16:20:00+00:00 host app web.3 - State changed",
       "5.0 5424 2026-11-23T16:20:00.000000000Z full host=host app=app pid=web.3 id=- |State changed"},
      // Without a PRI a hostname needs a tag behind it: these are an application's own lines.
      {"2026-11-23T16:20:00Z INFO starting", " 3164 2026-11-23T16:20:00.000000000Z full host=- app=- pid=- id=- |INFO starting"},
      {"su: no time and no PRI", " free - absent host=- app=- pid=- id=- |su: no time and no PRI"},
      {"1 2003-10-11T22:14:15.003Z h a p m - x",
       " free - absent host=- app=- pid=- id=- |1 2003-10-11T22:14:15.003Z h a p m - x"},
  });
}

// Goal: IOS, IOS-XR, NX-OS and ASA, with and without their sequence numbers, clock marks, zones and hostnames.
TEST(SyslogMessage, reads_what_cisco_devices_write) {
  check({
      {"<189>29: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: Configured from console",
       "23.5 3164 2027-03-01T18:48:50.483000000Z assumed host=- app=- pid=- id=%SYS-5-CONFIG_I |Configured from console"},
      {"<189>29: rtr1: 000123: .Nov 23 18:48:50.483 CEST: %SYS-5-CONFIG_I: x",
       "23.5 3164 2026-11-23T18:48:50.483000000Z assumed host=rtr1 app=- pid=- id=%SYS-5-CONFIG_I |x"},
      {"<189>29: %SYS-5-CONFIG_I: x", "23.5 3164 - absent host=- app=- pid=- id=%SYS-5-CONFIG_I |x"},
      {"<189>29: twelve monkeys: x", "23.5 3164 - absent host=- app=- pid=- id=- |29: twelve monkeys: x"},
      {"<187>: 2021 Mar 10 11:22:33.123 UTC: %ETHPORT-5-IF_DOWN: x",
       "23.3 3164 2021-03-10T11:22:33.123000000Z full host=- app=- pid=- id=%ETHPORT-5-IF_DOWN |x"},
      {"<189>29: RP/0/RSP0/CPU0:Nov 10 11:22:33.123 : ifmgr[214]: %PKT_INFRA-LINK-3-UPDOWN : x",
       "23.5 3164 2026-11-10T11:22:33.123000000Z assumed host=RP/0/RSP0/CPU0 app=ifmgr pid=214 id=- "
       "|%PKT_INFRA-LINK-3-UPDOWN : x"},
      {"<166>Mar 10 2021 11:22:33: %ASA-6-302013: Built",
       "20.6 3164 2021-03-10T11:22:33.000000000Z assumed host=- app=- pid=- id=%ASA-6-302013 |Built"},
      {"<166>Mar 10 2021 11:22:33 fw-1 : %ASA-6-302013: Built",
       "20.6 3164 2021-03-10T11:22:33.000000000Z assumed host=fw-1 app=- pid=- id=%ASA-6-302013 |Built"},
      {"<166>Mar 10 2021 11:22:33 fw-1: %ASA-6-302013: Built",
       "20.6 3164 2021-03-10T11:22:33.000000000Z assumed host=fw-1 app=- pid=- id=%ASA-6-302013 |Built"},
      {"<166>:Nov 10 11:22:33 UTC: %ASA-6-302013: Built",
       "20.6 3164 2026-11-10T11:22:33.000000000Z assumed host=- app=- pid=- id=%ASA-6-302013 |Built"},
  });
}

// Goal: whatever cannot be read stays in the message, byte for byte.
TEST(SyslogMessage, keeps_what_it_cannot_read_in_the_message) {
  check({
      {"", " free - absent host=- app=- pid=- id=- |"},
      {"\r\n\0"sv, " free - absent host=- app=- pid=- id=- |"},
      {"<13>", "1.5 3164 - absent host=- app=- pid=- id=- |"},
      {"<", " free - absent host=- app=- pid=- id=- |<"},
      {"<>x", " free - absent host=- app=- pid=- id=- |<>x"},
      {"<192>x", " free - absent host=- app=- pid=- id=- |<192>x"},
      {"<191>x", "23.7 3164 - absent host=- app=- pid=- id=- |x"},
      {"<013>x", " free - absent host=- app=- pid=- id=- |<013>x"},
      {"<-1>x", " free - absent host=- app=- pid=- id=- |<-1>x"},
      {"<99999999999999999999>x", " free - absent host=- app=- pid=- id=- |<99999999999999999999>x"},
      {"<13>a\0b: c\0d\0\0"sv, "1.5 3164 - absent host=- app=- pid=- id=- |a\0b: c\0d"sv},
      {"<13>Nov 31 16:20:00 h a: no such day", "1.5 3164 - absent host=h app=a pid=- id=- |no such day"},
      {"<13>Nov 23 24:20:00 h a: x", "1.5 3164 - absent host=- app=- pid=- id=- |Nov 23 24:20:00 h a: x"},
      {"<13>Nov 23 16:20:00x h a: x", "1.5 3164 - absent host=- app=- pid=- id=- |Nov 23 16:20:00x h a: x"},
      {"<13>Nov 23 16:20:00 'quoted text'",
       "1.5 3164 2026-11-23T16:20:00.000000000Z assumed host=- app=- pid=- id=- |'quoted text'"},
      {"<13>1 apple fell", "1.5 3164 - absent host=- app=- pid=- id=- |1 apple fell"},
      {"<13>2 2003-10-11T22:14:15.003Z h a p m - x",
       "1.5 3164 - absent host=- app=- pid=- id=- |2 2003-10-11T22:14:15.003Z h a p m - x"},
      {"<13>1 2003-13-11T22:14:15.003Z h a p m - x", "1.5 5424 - absent host=h app=a pid=p id=m |x"},
      {"<13>1 2003-10-11T22:14:15.003Z", "1.5 5424 2003-10-11T22:14:15.003000000Z full host=- app=- pid=- id=- |"},
      {"<13>1 2003-10-11T22:14:15.003Z h", "1.5 5424 2003-10-11T22:14:15.003000000Z full host=h app=- pid=- id=- |"},
      {"<13>1 - h a p m", "1.5 5424 - absent host=h app=a pid=p id=m |"},
      {"<13>1 - h a p m - ", "1.5 5424 - absent host=h app=a pid=p id=m |"},
      {"<13>1 - h a p m -x", "1.5 5424 - absent host=h app=a pid=p id=m |-x"},
      {"<13>1 - h a  m - two spaces", "1.5 5424 - absent host=h app=a pid=- id=m |two spaces"},
      {"<13>1 - h\xff \xfe p m - \xc0\x80", "1.5 5424 - absent host=h\xff app=\xfe pid=p id=m |\xc0\x80"},
      // Structured data: the elements before the broken one are kept.
      {"<13>1 - h a p m [", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |["},
      {"<13>1 - h a p m []", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[]"},
      {"<13>1 - h a p m [x", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x"},
      {"<13>1 - h a p m [x y", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y"},
      {"<13>1 - h a p m [x y=", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y="},
      {"<13>1 - h a p m [x y=\"", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y=\""},
      {"<13>1 - h a p m [x y=\"1\\\"]", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y=\"1\\\"]"},
      {"<13>1 - h a p m [x y=\"1\\", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y=\"1\\"},
      {"<13>1 - h a p m [x y=1] z", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x y=1] z"},
      {"<13>1 - h a p m [x =\"1\"] z", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x =\"1\"] z"},
      {"<13>1 - h a p m [x=\"1\"] z", "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[x=\"1\"] z"},
      {"<13>1 - h a p m [a b=\"1\"][c d=\"2] z", "1.5 5424 - absent host=h app=a pid=p id=m [a b=<1>] incomplete |[c d=\"2] z"},
      {"<13>1 - h a p m [a b=\"1\" c=\"2\" d=] z",
       "1.5 5424 - absent host=h app=a pid=p id=m incomplete |[a b=\"1\" c=\"2\" d=] z"},
      // Structured data, a little off, and understood.
      {"<13>1 - h a p m [a]z", "1.5 5424 - absent host=h app=a pid=p id=m [a] |z"},
      {"<13>1 - h a p m [a  b=\"]\" c=\"\" ] z", "1.5 5424 - absent host=h app=a pid=p id=m [a b=<]> c=<>] |z"},
      {"<13>1 - h a p m [\xff \xfe=\"\0\"]z"sv, "1.5 5424 - absent host=h app=a pid=p id=m [\xff \xfe=<\0>] |z"sv},
  });
}

// Goal: RFC 5424 section 6.3.3: three characters are escaped, and a backslash in front of any other is one.
TEST(SyslogMessage, unescapes_parameter_values) {
  const std::vector<Reading> cases = {{R"(plain)", R"(plain)"}, {R"(\"\\\])", R"("\])"}, {R"(C:\new)", R"(C:\new)"},
                                      {R"(\\n)", R"(\n)"},      {R"([=])", R"([=])"},    {R"(\\)", R"(\)"}};
  for (const auto& [raw, value] : cases) {
    const std::string line = "<13>1 - - - - - [x y=\"" + std::string(raw) + "\"]";
    const SyslogMessage m = parse_syslog(line, 0);
    EXPECT_EQ(m.param("x", "y"), value) << line;
    ASSERT_EQ(m.sd_params.size(), 1U);
    EXPECT_EQ(m.sd_params[0].raw, raw);
  }
}

// Goal: sequenceId and timeQuality (RFC 5424 section 7) can be asked for by name, also behind another element of that id.
TEST(SyslogMessage, finds_a_parameter_by_name) {
  const SyslogMessage m = parse_syslog(
      R"(<13>1 - - - - - [timeQuality tzKnown="0" isSynced="1"][meta sysUpTime="9"][meta sequenceId="812" sequenceId="9"] x)", 0);
  EXPECT_EQ(m.param("timeQuality", "tzKnown"), "0");
  EXPECT_EQ(m.param("meta", "sequenceId"), "812");
  EXPECT_EQ(m.param("meta", "language"), std::nullopt);
  EXPECT_EQ(m.param("origin", "ip"), std::nullopt);
}

// Goal: a time without a year gets the one nearest to the receipt: both ways over New Year, and for 29 February.
TEST(SyslogMessage, chooses_the_year_nearest_to_the_receipt) {
  struct Row {
    std::string_view received, sent, time;
  };
  for (const auto& [received, sent, time] : std::vector<Row>{
           {"2026-01-01T00:00:05Z", "Dec 31 23:59:59", "2025-12-31T23:59:59Z"},
           {"2026-12-31T23:59:58Z", "Jan  1 00:00:03", "2027-01-01T00:00:03Z"},
           {"2026-07-02T00:00:00Z", "Jul  2 00:00:00", "2026-07-02T00:00:00Z"},
           {"2026-06-30T12:00:00Z", "Jan  1 00:00:00", "2026-01-01T00:00:00Z"},
           {"2026-07-02T11:00:00Z", "Dec 31 23:00:00", "2026-12-31T23:00:00Z"},
           {"2026-07-03T11:00:00Z", "Jan  1 00:00:00", "2027-01-01T00:00:00Z"},
           {"2028-03-01T00:00:00Z", "Feb 29 23:59:60", "2028-02-29T23:59:59.999999999Z"},
           {"2026-09-01T00:00:00Z", "Feb 29 12:00:00", "2028-02-29T12:00:00Z"},
           {"2026-02-27T00:00:00Z", "Feb 29 12:00:00", "2024-02-29T12:00:00Z"},
           {"2100-03-01T00:00:00Z", "Feb 29 12:00:00", "2096-02-29T12:00:00Z"},
           {"1969-12-31T23:00:00Z", "Jan  1 00:30:00", "1970-01-01T00:30:00Z"},
       }) {
    const SyslogMessage m = parse_syslog("<13>" + std::string(sent) + " h a: x", at(received));
    ASSERT_TRUE(m.time.has_value()) << sent;
    EXPECT_EQ(format_time(*m.time), format_time(at(time))) << sent << " received " << received;
    EXPECT_EQ(m.time_source, SyslogTime::kAssumed);
  }
}

// Goal: the zone passed in is applied where none was sent, and only there; New Year is reckoned in it.
TEST(SyslogMessage, applies_the_zone_assumed_only_where_none_is_given) {
  constexpr std::int32_t kEastOneHour = 3600;
  struct Row {
    std::string_view line, time;
    SyslogTime source;
  };
  for (const auto& [line, time, source] : std::vector<Row>{
           {"<13>Nov 23 17:20:00 h a: x", "2026-11-23T16:20:00Z", SyslogTime::kAssumed},
           {"<13>2026-11-23T17:20:00 h a: x", "2026-11-23T16:20:00Z", SyslogTime::kAssumed},
           {"<13>1 2026-11-23T17:20:00 h a - - - x", "2026-11-23T16:20:00Z", SyslogTime::kAssumed},
           {"<13>2026-11-23T17:20:00Z h a: x", "2026-11-23T17:20:00Z", SyslogTime::kFull},
           {"<13>2026-11-23T17:20:00+0200 h a: x", "2026-11-23T15:20:00Z", SyslogTime::kFull},
           {"<13>Nov 23 17:20:00 UTC: h a: x", "2026-11-23T17:20:00Z", SyslogTime::kAssumed},
           {"<13>Nov 23 2026 17:20:00 UTC: x", "2026-11-23T17:20:00Z", SyslogTime::kFull},
       }) {
    const SyslogMessage m = parse_syslog(line, at(kReceived), kEastOneHour);
    EXPECT_EQ(m.time, at(time)) << line;
    EXPECT_EQ(m.time_source, source) << line;
  }
  const SyslogMessage m = parse_syslog("<13>Jan  1 00:30:00 h a: x", at("2026-12-31T23:30:01Z"), kEastOneHour);
  EXPECT_EQ(m.time, at("2026-12-31T23:30:00Z"));
}

// Goal: the lexeme is kept exactly when it is RFC 3339; an RFC 5424 time that cannot be read is kept as text.
TEST(SyslogMessage, keeps_the_time_as_it_was_written) {
  const std::vector<Reading> cases = {{"<13>1 2003-08-24T05:14:15.3-07:00 h a p m - x", "2003-08-24T05:14:15.3-07:00"},
                                      {"<13>2003-08-24t05:14:15z h a: x", "2003-08-24t05:14:15z"},
                                      {"<13>2003-08-24T05:14:15 h a: x", ""},
                                      {"<13>2003-08-24T05:14:15+0200 h a: x", ""},
                                      {"<13>Aug 24 05:14:15 h a: x", ""},
                                      {"<13>1 - h a p m - x", ""},
                                      {"<13>1 2003-08-24T25:14:15Z h a p m - x", "2003-08-24T25:14:15Z"}};
  for (const auto& [line, text] : cases) EXPECT_EQ(parse_syslog(line, at(kReceived)).time_text, text) << line;
}

// Goal: times of receipt and zones at the ends of their ranges yield a time or none, and no overflow.
TEST(SyslogMessage, survives_the_ends_of_time) {
  for (const UnixNanos received : {INT64_MIN, INT64_MIN + 1, std::int64_t{0}, INT64_MAX}) {
    for (const std::int32_t zone : {INT32_MIN, 0, INT32_MAX}) {
      for (const std::string_view line :
           {"<13>Dec 31 23:59:59 h a: x", "<13>Jan  1 00:00:00 h a: x", "<13>Feb 29 00:00:00 h a: x",
            "<13>Dec 31 2261 23:59:59 h a: x", "<13>2261-07-01T00:00:00 h a: x", "<13>1678-07-01T00:00:00 h a: x",
            "<13>2261-12-31T23:59:59Z h a: x"}) {
        EXPECT_TRUE(parse_syslog(line, received, zone).message.ends_with("x"));
      }
    }
  }
}

// Goal: each limit holds, and what is beyond it is in the message.
TEST(SyslogMessage, leaves_in_the_message_what_is_over_a_limit) {
  const std::string head = "<13>1 - h a p m ";
  std::string elements;
  for (std::size_t i = 0; i < kSyslogSdElementsMax; ++i) elements += "[e" + std::to_string(i) + "]";
  SyslogMessage m;

  std::string line = head + elements + " x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.sd_elements.size(), kSyslogSdElementsMax);
  EXPECT_FALSE(m.sd_incomplete);
  EXPECT_EQ(m.message, "x");

  line = head + elements + "[more a=\"1\"] x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.sd_elements.size(), kSyslogSdElementsMax);
  EXPECT_TRUE(m.sd_incomplete);
  EXPECT_EQ(m.message, "[more a=\"1\"] x");

  std::string element = "[e";
  for (std::size_t i = 0; i < kSyslogSdParamsMax; ++i) element += " n=\"v\"";
  line = head + element + "][f a=\"1\"] x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.sd_params.size(), kSyslogSdParamsMax);
  EXPECT_EQ(m.message, "[f a=\"1\"] x");
  line = head + "[d a=\"1\"]" + element + "] x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.sd_params.size(), 1U);
  EXPECT_EQ(m.message, element + "] x");

  const std::string longest(kSyslogFieldMax, 'a');
  line = "<13>1 - " + longest + " " + longest + "b p m - x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.hostname, longest);
  EXPECT_EQ(m.message, longest + "b p m - x");
  line = "<13>" + longest + "[" + longest + "]: x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.app_name, longest);
  EXPECT_EQ(m.proc_id, longest);
  line = "<13>" + longest + "b: x";
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.app_name, "");
  EXPECT_EQ(m.message, longest + "b: x");

  const std::string message(2 * kSyslogLineMax, 'z');
  line = head + "[a b=\"1\"] " + message;
  m = parse_syslog(line, 0);
  EXPECT_EQ(m.message, message);
  line = head + "[a b=\"" + message + "\"] x";
  m = parse_syslog(line, 0);
  EXPECT_TRUE(m.sd_incomplete);
  EXPECT_EQ(m.message, line.substr(head.size()));
}

// Goal: every prefix of every line is read without a fault, and its message is the end of what was handed in.
TEST(SyslogMessage, reads_every_prefix_of_a_line) {
  for (const std::string_view line :
       {"<165>1 2003-10-11T22:14:15.003Z h a p m [x@1 i=\"3\\\"\" e=\"A\"][y k=\"h\"] msg"sv, "<34>Oct 11 22:14:15 h su[12]: x"sv,
        "<189>29: rtr1: 000123: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: x"sv,
        "2026-11-23T16:20:00.123456+00:00 h t[1]: m"sv}) {
    for (std::size_t n = 0; n <= line.size(); ++n) {
      const std::string prefix(line.substr(0, n));
      const SyslogMessage m = parse_syslog(prefix, at(kReceived));
      EXPECT_TRUE(prefix.ends_with(m.message)) << prefix;
    }
  }
}

}  // namespace
}  // namespace stele::collect
