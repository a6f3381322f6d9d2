// Goal: each kind of entry gets the class that says most of it, what a class requires is there without being made up, and nothing
// of the entry is missing. Whether the schema allows what comes out, tests/ocsf says.
#include <gtest/gtest.h>

#include <fstream>

#include "event/json_value.h"
#include "ocsf/action.h"
#include "ocsf/ocsf_event.h"

namespace stele::ocsf {
namespace {

using event::JsonValue;

// An OCSF event to be looked into: "metadata.product.name", "resources.0.uid".
class Shown {
 public:
  explicit Shown(const std::string& entry) {
    const auto event = ocsf_event(entry, 41, "main");
    EXPECT_TRUE(event) << entry;
    event::JsonError error;
    EXPECT_TRUE(event && tape_.parse(*event, {1U << 20, 250, 100'000}, error)) << error.message;
  }

  // The value's JSON, a string without its quotes; "-" where there is none.
  [[nodiscard]] std::string operator[](std::string_view path) const {
    JsonValue value(tape_);
    while (!path.empty() && value) {
      const std::string_view part = path.substr(0, path.find('.'));
      path.remove_prefix(std::min(path.size(), part.size() + 1));
      if (value.is(event::JsonType::kArray)) {
        JsonValue element;
        std::size_t left = std::stoul(std::string(part)) + 1;
        value.for_each([&](const JsonValue& one) { element = --left == 0 ? one : element; });
        value = element;
      } else {
        value = value[part];
      }
    }
    if (!value) return "-";
    return value.is(event::JsonType::kString) ? value.text() : std::string(value.raw());
  }

 private:
  event::JsonTape tape_;
};

std::string entry(std::string_view event, std::string_view more = "") {
  return R"({"stele":1,"id":"01a20935-07fb-7000-8908-070605040302","received":"2026-11-23T16:20:00.123456789Z",)"
         R"("source":{"id":"billing-api","kind":"http","peer":"10.0.0.5:51230"},"event":{"time":"2026-11-23T16:19:59.998765432Z",)" +
         std::string(event) + "}" + std::string(more) + "}";
}

Shown by_ada(std::string_view event, std::string_view more = "") {
  return Shown(entry(R"("actor":{"type":"user","id":"ada"},)" + std::string(event), more));
}

Shown by_program(std::string_view event, std::string_view more = "") {
  return Shown(entry(R"("actor":{"type":"process","id":"sshd[812]@web-1","name":"sshd"},)" + std::string(event), more));
}

std::string kind(const Shown& shown) { return shown["class_uid"] + "/" + shown["activity_id"]; }

TEST(Ocsf, tells_where_the_entry_stands_and_when_it_was) {
  const Shown shown =
      by_ada(R"("id":"evt_91","action":"customer.export","category":"data_export","outcome":"success","severity":"notice",)"
             R"("context":{"request_id":"r-7","session":"s-1","trace_id":"t-1"})");
  EXPECT_EQ(shown["metadata.uid"], "01a20935-07fb-7000-8908-070605040302");
  EXPECT_EQ(shown["metadata.sequence"], "41");
  EXPECT_EQ(shown["metadata.log_name"], "main");
  EXPECT_EQ(shown["metadata.version"], "1.8.0");
  EXPECT_EQ(shown["metadata.product.name"], "billing-api");
  EXPECT_EQ(shown["metadata.original_event_uid"], "evt_91");
  EXPECT_EQ(shown["metadata.original_time"], "2026-11-23T16:19:59.998765432Z");
  EXPECT_EQ(shown["metadata.event_code"], "customer.export");
  EXPECT_EQ(shown["metadata.type"], "data_export");
  EXPECT_EQ(shown["metadata.correlation_uid"], "t-1");
  EXPECT_EQ(shown["metadata.logged_time_dt"], "2026-11-23T16:20:00.123456789Z");
  EXPECT_EQ(shown["time"], "1795450799998");
  EXPECT_EQ(shown["time_dt"], "2026-11-23T16:19:59.998765432Z");
  EXPECT_EQ(shown["api.request.uid"], "r-7");
  EXPECT_EQ(shown["trace.uid"], "t-1");
  EXPECT_EQ(shown["actor.session.uid"], "s-1");
  EXPECT_EQ(shown["severity"], "Low");
  EXPECT_EQ(shown["type_uid"], "600302");
}

TEST(Ocsf, times_before_the_epoch_are_rounded_down) {
  const Shown shown(R"({"stele":1,"id":"x","received":"2026-11-23T16:20:00.000000000Z","source":{"id":"a","kind":"http"},)"
                    R"("event":{"time":"1969-12-31T23:59:59.9999Z","actor":{"type":"user","id":"ada"},"action":"x"}})");
  EXPECT_EQ(shown["time"], "-1");
  EXPECT_EQ(shown["time_dt"], "-");
}

TEST(Ocsf, outcomes_are_statuses_and_a_denial_is_told_apart) {
  EXPECT_EQ(by_ada(R"("action":"x.y","outcome":"success")")["status_id"], "1");
  EXPECT_EQ(by_ada(R"("action":"x.y","outcome":"unknown")")["status_id"], "0");
  const Shown failed = by_ada(R"("action":"x.y","outcome":"failure","attributes":{"reason":"no such table"})");
  EXPECT_EQ(failed["status_id"] + failed["status_detail"] + failed["action_id"], "2no such table-");
  const Shown denied = by_ada(R"("action":"x.y","outcome":"denied")");
  EXPECT_EQ(denied["status_id"] + denied["status_code"] + denied["action_id"] + denied["disposition_id"], "2denied22");
  EXPECT_EQ(denied["metadata.profiles"], R"(["datetime","host","security_control"])");
}

TEST(Ocsf, a_login_is_of_whom_it_lets_in) {
  const Shown shown =
      by_ada(R"("action":"ssh.login","category":"authentication","outcome":"failure","origin":{"ip":"203.0.113.9"},)"
             R"("attributes":{"host":"web-1","app":"sshd","port":"51122"})");
  EXPECT_EQ(kind(shown), "3002/1");
  EXPECT_EQ(shown["user.name"], "ada");
  EXPECT_EQ(shown["actor"], "-");
  EXPECT_EQ(shown["service.name"], "sshd");
  EXPECT_EQ(shown["dst_endpoint.hostname"], "web-1");
  EXPECT_EQ(shown["src_endpoint.port"], "51122");
  EXPECT_EQ(shown["device.hostname"], "web-1");
  EXPECT_EQ(kind(by_ada(R"("action":"user.logout")")), "3002/2");
}

TEST(Ocsf, a_switch_of_accounts_has_both) {
  const Shown shown =
      by_ada(R"("action":"su.switch","category":"privileged_activity","targets":[{"type":"account","id":"root"}])");
  EXPECT_EQ(kind(shown), "3002/7");
  EXPECT_EQ(shown["actor.user.name"] + " " + shown["user.name"], "ada root");
  EXPECT_EQ(shown["account_switch_type_id"], "1");
}

TEST(Ocsf, what_is_required_and_not_known_is_unknown) {
  const Shown login = by_program(R"("action":"account.authenticate","category":"authentication")");
  EXPECT_EQ(login["user.name"] + login["user.type_id"], "Unknown0");
  EXPECT_EQ(by_ada(R"("action":"report.read")")["src_endpoint.name"], "Unknown");
  const Shown file = by_ada(R"("action":"file.delete","category":"data_access","targets":[{"type":"file","id":"/srv/a/b.txt"}])");
  EXPECT_EQ(kind(file), "1001/4");
  EXPECT_EQ(file["file.name"] + " " + file["file.path"] + " " + file["file.type_id"], "b.txt /srv/a/b.txt 0");
  EXPECT_EQ(file["device.name"] + file["device.type_id"], "Unknown0");
  EXPECT_EQ(by_ada(R"("action":"group.create")")["group.name"], "Unknown");
}

TEST(Ocsf, accounts_groups_and_rights_have_classes_of_their_own) {
  const std::string bob = R"(,"targets":[{"type":"account","id":"bob"},{"type":"group","id":"admins"}])";
  EXPECT_EQ(kind(by_ada(R"("action":"account.create","category":"permission_change")" + bob)), "3001/1");
  EXPECT_EQ(kind(by_ada(R"("action":"account.password_change","category":"configuration_change")" + bob)), "3001/3");
  EXPECT_EQ(kind(by_ada(R"("action":"account.lock","category":"security_event")" + bob)), "3001/9");
  EXPECT_EQ(kind(by_ada(R"("action":"aws.iam.AttachUserPolicy","category":"permission_change")" + bob)), "3001/7");
  const Shown member = by_ada(R"("action":"group.member_add","category":"permission_change")" + bob);
  EXPECT_EQ(kind(member), "3006/3");
  EXPECT_EQ(member["group.name"] + " " + member["user.name"], "admins bob");
  const Shown right = by_ada(R"("action":"user.role.granted","category":"permission_change",)"
                             R"("changes":[{"field":"role","from":"viewer","to":"admin"}])" +
                             bob);
  EXPECT_EQ(kind(right), "3005/1");
  EXPECT_EQ(right["privileges"] + right["user.name"] + right["resources.0.uid"], R"(["admin"]bobadmins)");
  EXPECT_EQ(right["unmapped.event.changes.0.from"], "viewer");
  EXPECT_EQ(by_ada(R"("action":"postgres.GRANT","category":"permission_change")")["privileges"], R"(["Unknown"])");
}

TEST(Ocsf, requests_are_http_activity_and_stand_beside_what_they_were_for) {
  const Shown get = by_ada(
      R"("action":"http.GET","category":"data_access","targets":[{"type":"path","id":"/a?b=1"},{"type":"host","id":"shop.example"}],)"
      R"("origin":{"ip":"203.0.113.9","user_agent":"curl/8.5"},"attributes":{"status":"404","host":"web-1"})");
  EXPECT_EQ(kind(get), "4002/3");
  EXPECT_EQ(get["http_request.http_method"] + get["http_request.url.path"] + get["http_request.url.query_string"], "GET/ab=1");
  EXPECT_EQ(get["http_request.user_agent"] + get["http_response.code"], "curl/8.5404");
  EXPECT_EQ(get["device.hostname"] + " " + get["http_request.url.hostname"], "web-1 shop.example");
  const Shown odd = by_ada(R"("action":"http.PROPFIND","targets":[{"type":"path","id":"/dav"}])");
  EXPECT_EQ(kind(odd) + odd["activity_name"] + odd["http_request.http_method"], "4002/99PROPFIND-");
  const Shown call =
      by_ada(R"("action":"refund.create","targets":[{"type":"order","id":"7"}],"attributes":{"http.request.method":"POST"})");
  EXPECT_EQ(kind(call) + call["http_request.http_method"], "6003/1POST");
}

TEST(Ocsf, commands_are_processes_with_the_numbers_that_are_known) {
  const Shown sudo =
      by_ada(R"("action":"sudo.run","category":"privileged_activity","targets":[{"type":"account","id":"root"}],)"
             R"("attributes":{"command":"/bin/ls /root","cwd":"/home/ada","host":"web-1","app":"sudo","pid":"7"})");
  EXPECT_EQ(kind(sudo), "1007/1");
  EXPECT_EQ(sudo["process.cmd_line"] + " " + sudo["process.user.name"] + " " + sudo["process.uid"], "/bin/ls /root root Unknown");
  EXPECT_EQ(sudo["process.pid"], "-") << "7 is sudo's own";
  const Shown exec = by_ada(
      R"("action":"process.exec","category":"system_activity","attributes":{"record_types":"SYSCALL,EXECVE","executable":"/usr/bin/dash",)"
      R"("process":"sh","command":"sh -c true","pid":"14842","ppid":"14837"})");
  EXPECT_EQ(exec["process.pid"] + exec["process.name"] + exec["process.file.path"] + exec["process.parent_process.pid"],
            "14842sh/usr/bin/dash14837");
}

TEST(Ocsf, data_is_of_the_store_that_it_is_in) {
  const Shown select =
      by_ada(R"("action":"postgres.SELECT","category":"data_access","targets":[{"type":"database","id":"shop"}],)"
             R"("attributes":{"statement":"SELECT 1"})");
  EXPECT_EQ(kind(select) + select["database.name"] + select["query_info.query_string"], "6005/4shopSELECT 1");
  EXPECT_EQ(kind(by_ada(R"("action":"customer.export","category":"data_export","targets":[{"type":"table","id":"c"}])")),
            "6005/1");
  EXPECT_EQ(by_ada(R"("action":"bucket.list","targets":[{"type":"bucket","id":"b"}])")["type_id"], "2");
  EXPECT_EQ(kind(by_ada(R"("action":"customer.export","category":"data_export")")), "6003/2");
}

TEST(Ocsf, what_a_host_does_by_itself_is_told_by_its_kind) {
  const std::string nginx = R"("targets":[{"type":"service","id":"nginx"}],)";
  const Shown start = by_program(nginx + R"("action":"service.start","category":"system_activity")");
  EXPECT_EQ(kind(start) + start["app.name"], "6002/3nginx");
  EXPECT_EQ(kind(by_program(R"("action":"audit.stop","category":"security_event")")), "1008/7");
  EXPECT_EQ(
      kind(by_program(R"("action":"cron.run","category":"system_activity","targets":[{"type":"command","id":"/bin/false"}])")),
      "1006/6");
  EXPECT_EQ(kind(by_program(R"("action":"ssh.connection","category":"system_activity","outcome":"denied")")), "4007/5");
  EXPECT_EQ(kind(by_program(R"("action":"firewall.packet","category":"security_event","origin":{"ip":"203.0.113.9"})")),
            "4001/6");
  EXPECT_EQ(kind(by_program(R"("action":"process.crash","category":"system_error","targets":[{"type":"process","id":"a[1]"}])")),
            "1007/2");
  EXPECT_EQ(kind(by_program(R"("action":"ssh.error","category":"system_error","message":"no key")")), "6008/1");
  EXPECT_EQ(kind(by_program(R"("action":"host.configure","category":"configuration_change")")), "5019/1");
  const Shown line =
      by_program(R"("action":"syslog.message","category":"system_activity","attributes":{"app":"sshd","pid":"812"})");
  EXPECT_EQ(kind(line) + line["metadata.product.name"] + line["actor.process.pid"], "0/0sshd812");
}

TEST(Ocsf, findings_are_of_what_has_no_class_that_says_more) {
  const Shown finding =
      by_program(R"("action":"selinux.file","category":"security_event","outcome":"denied","message":"avc: denied",)"
                 R"("origin":{"ip":"203.0.113.9"},"targets":[{"type":"file","id":"/etc/shadow"}])");
  EXPECT_EQ(kind(finding), "2004/1");
  EXPECT_EQ(finding["finding_info.uid"], finding["metadata.uid"]);
  EXPECT_EQ(finding["finding_info.title"] + finding["status_id"] + finding["resources.0.uid"], "avc: denied0/etc/shadow");
  EXPECT_EQ(finding["evidences.0.src_endpoint.ip"], "203.0.113.9");
  EXPECT_EQ(kind(by_ada(R"("action":"customer.export","category":"policy_violation","targets":[{"type":"table","id":"c"}])")),
            "2004/1");
  EXPECT_EQ(kind(by_ada(R"("action":"k8s.secrets.get","category":"policy_violation")")), "6003/2");
}

TEST(Ocsf, every_category_has_a_class_for_an_event_that_says_no_more) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"authentication", "3002/99"},      {"user_action", "6003/99"},          {"data_access", "6003/99"},
      {"data_export", "6003/99"},         {"configuration_change", "6003/99"}, {"permission_change", "6003/99"},
      {"privileged_activity", "6003/99"}, {"security_event", "2004/1"},        {"policy_violation", "2004/1"},
      {"system_error", "6008/1"},         {"system_activity", "0/99"},
  };
  for (const auto& [category, wanted] : kinds) {
    EXPECT_EQ(kind(by_ada(R"("action":"quux","category":")" + category + "\"")), wanted) << category;
  }
}

TEST(Ocsf, what_has_no_attribute_is_unmapped_where_the_entry_has_it) {
  const Shown shown =
      by_ada(R"("action":"a.b","seq":18446744073709551615,"attributes":{"n":2.50,"deep":{"x":[1,null]}},"mine":true)",
             R"(,"derived":{"by":"stele/native@1","fields":["outcome"]})");
  EXPECT_EQ(shown["unmapped.event.attributes"], R"({"n":2.50,"deep":{"x":[1,null]}})");
  EXPECT_EQ(shown["unmapped.event.seq"] + shown["unmapped.event.mine"], "18446744073709551615true");
  EXPECT_EQ(shown["unmapped.source"], R"({"kind":"http","peer":"10.0.0.5:51230"})");
  EXPECT_EQ(shown["unmapped.derived.by"], "stele/native@1");
  EXPECT_EQ(shown["unmapped.event.action"] + shown["unmapped.event.time"] + shown["unmapped.id"], "---");
}

TEST(Ocsf, values_kept_apart_stay_commitments) {
  const std::string long_message = R"({"$attachment":{"commitment":"q","bytes":70000,"head":"it begins"}})";
  const Shown shown = by_ada(
      R"("action":"a.b","message":)" + long_message + R"(,"attributes":{"reason":{"$sealed":{"commitment":"p","bytes":9}}})",
      R"(,"original":{"$base64":"/w=="})");
  EXPECT_EQ(shown["message"], "it begins");
  EXPECT_EQ(shown["unmapped.event.message"], long_message);
  EXPECT_EQ(shown["status_detail"] + shown["unmapped.event.attributes.reason.$sealed.bytes"], "-9");
  EXPECT_EQ(shown["raw_data"] + shown["unmapped.original"], R"(-{"$base64":"/w=="})");
}

TEST(Ocsf, the_line_as_it_came_is_raw_data) {
  const Shown shown = by_program(R"("action":"syslog.message")", R"(,"original":"<13>Nov 23 door: \"open\"")");
  EXPECT_EQ(shown["raw_data"] + shown["raw_data_size"], "<13>Nov 23 door: \"open\"23");
}

TEST(Ocsf, observables_name_where_their_values_stand) {
  const Shown shown = by_ada(R"("action":"file.read","category":"data_access","targets":[{"type":"file","id":"/a"}],)"
                             R"("origin":{"ip":"203.0.113.9"},"attributes":{"host":"web-1"})");
  EXPECT_EQ(shown["observables.0.name"], "unmapped.event.origin.ip") << "a file's class has no endpoint";
  EXPECT_EQ(shown["observables.1.name"] + shown["observables.2.value"], "actor.user.nameweb-1");
}

TEST(Ocsf, what_is_no_entry_is_refused) {
  for (const char* const text : {"", "{", "{}", "[1]", R"({"event":{"time":"2026-11-23T16:20:00Z"}})"}) {
    const auto event = ocsf_event(text, 0, "main");
    ASSERT_FALSE(event) << text;
    EXPECT_EQ(event.error().code, Code::kCorrupt);
  }
}

TEST(Ocsf, is_what_the_page_about_it_shows) {
  std::ifstream page(STELE_SOURCE_DIR "/docs/formats/ocsf.md");
  std::vector<std::string> shown;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("{")) shown.push_back(line);
  }
  ASSERT_EQ(shown.size(), 2U);
  const auto event = ocsf_event(shown[0], 7, "main");
  ASSERT_TRUE(event);
  EXPECT_EQ(*event, shown[1]);
}

TEST(Action, is_read_in_words) {
  EXPECT_EQ(Action("aws.iam.AttachUserPolicy").verb(), Verb::kAttach);
  EXPECT_TRUE(Action("aws.iam.AttachUserPolicy").says("policy"));
  EXPECT_EQ(Action("group.member_add").verb(), Verb::kAdd);
  EXPECT_EQ(Action("postgres.DROP TABLE").verb(), Verb::kDelete);
  EXPECT_EQ(Action("member.removed").verb(), Verb::kRemove);
  EXPECT_EQ(Action("file.renameat2").verb(), Verb::kRename);
  EXPECT_EQ(Action("GetObject").area(), "getobject");
  EXPECT_EQ(Action(".").name(), ".");
  EXPECT_EQ(Action("a.").name(), "a.");
}

}  // namespace
}  // namespace stele::ocsf
