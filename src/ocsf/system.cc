// One machine: files, processes, scheduled jobs and its own logs.
#include "ocsf/draft.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

const Target* file_of(const Facts& facts) { return facts.target({"file", "folder", "directory"}); }

// Where it is renamed to, if the event says so.
JsonValue new_name(const Facts& facts) {
  JsonValue found;
  facts.event()["changes"].for_each([&](const JsonValue& change) {
    const std::string field = change["field"].text();
    if (field == "name" || field == "path") found = change["to"];
  });
  return found;
}

std::int64_t file_activity(const Facts& facts) {
  if (facts.action().says("truncate")) return 3;  // a table's rows are deleted by it, a file is only shorter
  switch (facts.action().verb()) {
    case Verb::kCreate: return 1;
    case Verb::kRead:
    case Verb::kQuery:
    case Verb::kList: return 2;
    case Verb::kUpdate: return new_name(facts) ? 5 : 3;
    case Verb::kWrite: return 3;
    case Verb::kDelete:
    case Verb::kRemove: return 4;
    case Verb::kRename: return 5;
    case Verb::kSetSecurity: return 7;
    case Verb::kStat: return 8;
    case Verb::kEncrypt: return 10;
    case Verb::kDecrypt: return 11;
    case Verb::kOpen: return 14;
    default: return kOther;
  }
}

std::int64_t process_activity(const Facts& facts) {
  const Action& action = facts.action();
  for (const std::string_view word : {"setuid", "setreuid", "setresuid", "setfsuid"}) {
    if (action.says(word)) return 5;
  }
  if (action.says("kill") || action.says("crash")) return 2;
  return action.verb() == Verb::kRun || action.verb() == Verb::kStart ? 1 : kOther;
}

std::int64_t log_activity(const Action& action) {
  switch (action.verb()) {
    case Verb::kDelete: return 2;
    case Verb::kStart: return 6;
    case Verb::kStop: return 7;
    case Verb::kRestart: return 8;
    case Verb::kEnable: return 9;
    case Verb::kDisable: return 10;
    default: return action.says("rotate") ? 5 : action.says("clear") ? 1 : action.says("stopped") ? 7 : kOther;
  }
}

std::int64_t job_activity(const Action& action) {
  if (action.area() == "cron") return action.verb() == Verb::kRun ? 6 : kOther;
  switch (action.verb()) {
    case Verb::kCreate: return 1;
    case Verb::kUpdate: return action.says("end") ? kOther : 2;
    case Verb::kDelete: return 3;
    default: return kOther;
  }
}

// The process that was run, or that ended. Of the one that ran it, only the kernel knows both numbers: audit records have them.
std::string process_object(Facts& facts, std::string_view command) {
  JsonObject process;
  const Target* const target = facts.target({"process"});
  const bool audited = bool(facts.attribute("record_types")) && !facts.is_area({"command"});
  const std::string path = audited ? facts.take(facts.attribute("executable")) : std::string();
  const std::string name = audited ? facts.take(facts.attribute("process")) : std::string();
  const auto pid = audited ? facts.take_number(facts.attribute("pid")) : std::nullopt;
  process.text("name", name).text("cmd_line", command).number("pid", pid);
  if (target != nullptr) {
    process.text("uid", facts.take(target));
  } else if (!pid) {
    process.text("uid", kUnknownText);
  }
  if (!path.empty()) process.raw("file", file_object(path, ""));
  process.text("working_directory", facts.take(facts.attribute("cwd")));
  if (const Target* as = facts.target({"account"})) process.raw("user", user_object(facts, as));
  const auto parent = audited ? facts.take_number(facts.attribute("ppid")) : std::nullopt;
  if (parent) process.raw("parent_process", JsonObject().number("pid", parent).json());
  return process.json();
}

std::string command_of(Facts& facts) {
  const std::string command = facts.take(facts.attribute({"command", "cmdline", "process.command_line"}));
  return command.empty() ? facts.take(facts.target({"command"})) : command;
}

}  // namespace

std::optional<Choice> choose_system(const Facts& facts) {
  const Action& action = facts.action();
  if (facts.is_area({"process"}) && (action.says("crash") || action.says("kill"))) return Choice{ClassId::kProcessActivity, 2};
  if (facts.is_category({"system_error"})) return std::nullopt;
  if (facts.is_area({"audit"}) || (facts.is_area({"stele"}) && action.says("stopped")))
    return Choice{ClassId::kEventLogActivity, log_activity(action)};
  if (facts.is_area({"crontab"}) || (facts.is_area({"cron"}) && facts.target({"command"}) != nullptr))
    return Choice{ClassId::kScheduledJobActivity, job_activity(action)};
  if (facts.is_category({"security_event"})) return std::nullopt;
  const bool runs =
      action.verb() == Verb::kRun && (facts.attribute({"command", "cmdline", "process.command_line"}) ||
                                      facts.target({"command"}) != nullptr || facts.is_area({"process", "command", "sudo"}));
  const bool identity = process_activity(facts) == 5;
  if (runs || identity) return Choice{ClassId::kProcessActivity, process_activity(facts)};
  if (facts.is_category({"authentication", "policy_violation", "system_activity"})) return std::nullopt;
  if (facts.is_area({"file"}) || (file_of(facts) != nullptr && !facts.is_area({"process", "aws", "k8s", "github"})))
    return Choice{ClassId::kFileActivity, file_activity(facts)};
  return std::nullopt;
}

void write_system(Draft& draft) {
  Facts& facts = draft.facts;
  if (draft.choice.id == ClassId::kFileActivity) {
    const Target* const file = file_of(facts);
    const std::string_view type = file == nullptr ? std::string_view() : file->type;
    draft.event.raw("file", file_object(facts.take(file), type));
    const std::string to = draft.choice.activity == 5 ? facts.take(new_name(facts)) : std::string();
    if (!to.empty()) draft.event.raw("file_result", file_object(to, type));
  } else if (draft.choice.id == ClassId::kProcessActivity) {
    draft.event.raw("process", process_object(facts, command_of(facts)));
  } else if (draft.choice.id == ClassId::kScheduledJobActivity) {
    const Target* const table = facts.target({"crontab"});
    const std::string command = command_of(facts);
    const std::string name = table != nullptr ? facts.take(table) : command.empty() ? std::string(kUnknownText) : command;
    draft.event.raw("job", JsonObject().text("name", name).text("cmd_line", command).json());
  } else {
    const bool own = facts.is_area({"stele"});
    draft.event.text("log_provider", own ? "Stele" : "Linux audit");
    draft.event.raw("src_endpoint", source_endpoint(facts));
  }
  draft.event.raw("actor", actor_object(facts));
}

}  // namespace stele::ocsf
