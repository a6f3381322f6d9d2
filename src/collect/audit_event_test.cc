// Goal: what auditd writes, in its raw and its enriched format, becomes one event with everything that its fields say. (Lines
// after the record formats of the kernel and of audit-userspace.)
#include "collect/audit_event.h"

#include <gtest/gtest.h>

#include "collect/audit_fields.h"
#include "collect/record_format.h"
#include "normalise/samples.h"
#include "support/understanding.h"

namespace stele::collect {
namespace {

std::string got(std::string_view record, std::string_view path, const Sender& sender = {}) {
  DoorBatch batch({"s", "records", "", ""}, testing::shipped_understanding(), 1'795'450'805'000'000'000);
  batch.set_sender(sender);
  find_record_format("auditd")->add(record, batch);
  const event::EntryBatch entries = std::move(batch).take();
  EXPECT_EQ(entries.count(), 1U);
  const auto view = event::read_entry(entries.entry(0));
  EXPECT_TRUE(view.ok());
  return normalise::member_at(view->event, path).value_or("");
}

void expect(std::string_view record, const std::vector<std::pair<const char*, const char*>>& members) {
  for (const auto& [path, is] : members) EXPECT_EQ(got(record, path), is) << path;
}

TEST(AuditFields, are_decoded_where_the_dictionary_says_so) {
  std::vector<AuditField> fields;
  read_audit_fields(
      "pid=7 op=adding user to group acct=28696E76616C696429 exe=\"/bin/a b\" res=success, key=(null) addr=? a0=6C73 msg='op=x "
      "cmd=6C73202D6C hostname=? res=failed'\x1d"
      "AUID=\"ada\" SADDR={ saddr_fam=inet laddr=203.0.113.9 lport=443 }",
      false, fields);
  std::vector<std::pair<std::string, std::string>> all;
  for (const AuditField& field : fields) all.emplace_back(field.name, field.value);
  EXPECT_EQ(all, (std::vector<std::pair<std::string, std::string>>{{"pid", "7"},
                                                                   {"op", "adding user to group"},
                                                                   {"acct", "(invalid)"},
                                                                   {"exe", "/bin/a b"},
                                                                   {"res", "success"},
                                                                   {"a0", "6C73"},
                                                                   {"op", "x"},
                                                                   {"cmd", "ls -l"},
                                                                   {"res", "failed"},
                                                                   {"AUID", "ada"},
                                                                   {"saddr_fam", "inet"},
                                                                   {"laddr", "203.0.113.9"},
                                                                   {"lport", "443"}}));
}

constexpr std::string_view kExec =
    "node=web-1 type=SYSCALL msg=audit(1732378800.123:812): arch=c000003e syscall=59 success=yes exit=0 a0=55d a1=55e items=2 "
    "ppid=811 pid=812 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"cat\" "
    "exe=\"/usr/bin/cat\" subj=unconfined key=\"root-commands\"\x1d"
    "ARCH=x86_64 SYSCALL=execve AUID=\"ada\" UID=\"root\" EUID=\"root\"\n"
    "node=web-1 type=EXECVE msg=audit(1732378800.123:812): argc=3 a0=\"cat\" a1=2F746D702F6120622E747874 a2=\"/etc/shadow\"\n"
    "node=web-1 type=CWD msg=audit(1732378800.123:812): cwd=\"/root\"\n"
    "node=web-1 type=PATH msg=audit(1732378800.123:812): item=0 name=\"/usr/bin/cat\" inode=1 nametype=NORMAL cap_fp=0\x1d"
    "OUID=\"root\"\n"
    "node=web-1 type=PATH msg=audit(1732378800.123:812): item=1 name=\"/lib64/ld-linux-x86-64.so.2\" nametype=NORMAL\n"
    "node=web-1 type=PROCTITLE msg=audit(1732378800.123:812): proctitle=636174002F746D70";

TEST(AuditRecord, a_command_is_one_event_of_who_logged_in) {
  expect(kExec, {{"id", "web-1:1732378800.123:812"},
                 {"time", "2024-11-23T16:20:00.123000000Z"},
                 {"actor.type", "user"},
                 {"actor.id", "ada"},
                 {"action", "process.exec"},
                 {"category", "privileged_activity"},
                 {"outcome", "success"},
                 {"targets", R"([{"type":"file","id":"/usr/bin/cat"}])"},
                 {"context.session", "3"},
                 {"attributes.command", "cat '/tmp/a b.txt' /etc/shadow"},
                 {"attributes.cwd", "/root"},
                 {"attributes.effective_user", "root"},
                 {"attributes.executable", "/usr/bin/cat"},
                 {"attributes.host", "web-1"},
                 {"attributes.key", "root-commands"},
                 {"attributes.syscall", "execve"},
                 {"attributes.terminal", "pts0"},
                 {"attributes.record_types", "SYSCALL,EXECVE,CWD,PATH,PATH,PROCTITLE"}});
}

TEST(AuditRecord, a_watched_file_is_named_whole_and_a_refusal_is_one) {
  expect(
      "type=SYSCALL msg=audit(1732378800.123:9): arch=c000003e syscall=257 success=no exit=-13 items=2 pid=9 auid=1001 uid=1001 "
      "euid=1001 ses=4 comm=\"cat\" exe=\"/usr/bin/cat\" key=\"shadow\"\n"
      "type=CWD msg=audit(1732378800.123:9): cwd=\"/etc\"\n"
      "type=PATH msg=audit(1732378800.123:9): item=0 name=\"/etc\" nametype=PARENT\n"
      "type=PATH msg=audit(1732378800.123:9): item=1 name=\"./shadow\" nametype=NORMAL\n"
      "type=PROCTITLE msg=audit(1732378800.123:9): proctitle=63617400736861646F77",
      {{"actor.id", "1001"},
       {"action", "file.openat"},
       {"category", "data_access"},
       {"outcome", "denied"},
       {"targets", R"([{"type":"file","id":"/etc/shadow"}])"},
       {"attributes.command", "cat shadow"}});
}

TEST(AuditRecord, a_failed_login_is_the_accounts) {
  expect(
      "type=USER_LOGIN msg=audit(1732378800.123:10): pid=12 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"bob\" "
      "exe=\"/usr/sbin/sshd\" hostname=gate.example addr=198.51.100.7 terminal=ssh res=failed'\x1d"
      "UID=\"root\" AUID=\"unset\"",
      {{"actor.type", "user"},
       {"actor.id", "bob"},
       {"action", "account.login"},
       {"category", "authentication"},
       {"outcome", "failure"},
       {"origin", R"({"ip":"198.51.100.7","host":"gate.example"})"},
       {"context", ""},
       {"attributes.terminal", "ssh"}});
}

TEST(AuditRecord, who_is_logged_in_already_acts_on_another_account) {
  expect(
      "node=web-1 type=USER_AUTH msg=audit(1732378800.123:11): pid=12 uid=1000 auid=1000 ses=3 msg='op=PAM:authentication "
      "grantors=? acct=\"root\" exe=\"/usr/bin/su\" hostname=web-1 addr=? terminal=pts/0 res=failed'\x1d"
      "UID=\"ada\" AUID=\"ada\"",
      {{"actor.id", "ada"},
       {"action", "account.authenticate"},
       {"outcome", "failure"},
       {"targets", R"([{"type":"account","id":"root"},{"type":"host","id":"web-1"}])"},
       {"origin", R"({"host":"web-1"})"}});
  expect(
      "type=USER_CMD msg=audit(1732378800.123:12): pid=12 uid=1000 auid=1000 ses=3 msg='cwd=\"/root\" cmd=617074207570646174 "
      "exe=\"/usr/bin/sudo\" terminal=pts/0 res=failed'",
      {{"action", "command.run"}, {"outcome", "denied"}, {"attributes.command", "apt updat"}});
  expect(
      "type=ADD_USER msg=audit(1732378800.123:13): pid=1 uid=0 auid=1000 ses=3 msg='op=add-user acct=\"eve\" "
      "exe=\"/usr/sbin/useradd\" res=success'",
      {{"action", "account.create"}, {"targets", R"([{"type":"account","id":"eve"}])"}, {"outcome", "success"}});
}

TEST(AuditRecord, services_daemons_and_the_kernel_act_as_processes) {
  expect(
      "node=web-1 type=SERVICE_START msg=audit(1732378800.123:14): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=x "
      "msg='unit=nginx "
      "comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'",
      {{"actor.type", "process"},
       {"actor.id", "systemd[1]@web-1"},
       {"action", "service.start"},
       {"targets", R"([{"type":"service","id":"nginx"}])"},
       {"origin", ""}});
  expect("type=DAEMON_END msg=audit(1732378800.123:15): op=terminate auid=1000 uid=0 ses=3 pid=9 subj=unconfined  res=success",
         {{"actor.id", "1000"}, {"action", "audit.stop"}, {"severity", "warning"}, {"outcome", "success"}});
  expect("type=KERNEL msg=audit(1732378800.123:16): audit_lost=12 audit_rate_limit=0 audit_backlog_limit=64",
         {{"action", "audit.lost"}, {"severity", "error"}, {"attributes.lost", "12"}, {"outcome", "failure"}});
  expect("type=KERNEL msg=audit(1732378800.123:16): audit_lost=0 audit_rate_limit=0", {{"action", "audit.KERNEL"}});
}

TEST(AuditRecord, an_selinux_denial_and_an_address) {
  expect(
      "type=AVC msg=audit(1732378800.123:17): avc:  denied  { name_connect } for  pid=812 comm=\"httpd\" dest=443 "
      "scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:http_port_t:s0 tclass=tcp_socket permissive=0\n"
      "type=SYSCALL msg=audit(1732378800.123:17): arch=c000003e syscall=42 success=no exit=-13 pid=812 auid=4294967295 uid=48 "
      "ses=4294967295 comm=\"httpd\" exe=\"/usr/sbin/httpd\" key=(null)\n"
      "type=SOCKADDR msg=audit(1732378800.123:17): saddr=020001BBCB0071090000000000000000",
      {{"action", "selinux.tcp_socket"},
       {"outcome", "denied"},
       {"actor.id", "httpd[812]"},
       {"targets", R"([{"type":"address","id":"203.0.113.9:443"}])"},
       {"attributes.seperms", "name_connect"},
       {"attributes.syscall", "connect"}});
}

TEST(AuditRecord, the_senders_host_stands_for_a_node_that_is_not_named) {
  Sender sender;
  sender.host = "db-1";
  sender.id = "x";
  EXPECT_EQ(got("type=SYSTEM_BOOT msg=audit(1732378800.123:1): pid=1 msg='res=success'", "id", sender), "db-1:1732378800.123:1");
  EXPECT_EQ(got("hello", "action"), "stele.quarantined");
  EXPECT_EQ(got("type=A msg=audit(1.000:1): \ntype=A msg=audit(1.000:2): ", "action"), "stele.quarantined");
}

}  // namespace
}  // namespace stele::collect
