#include "cli/progress_file.h"

#include <algorithm>

#include "base/json_text.h"
#include "cli/json.h"

namespace stele::cli {
namespace {

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_decimal(out, value);
}

Error differs(const std::string& what) { return {Code::kConflict, what}; }

}  // namespace

void Progress::add(const Outcome& outcome) {
  stored += outcome.stored;
  repeated += outcome.repeated;
  refused += outcome.refused.size();
  if (outcome.first) first = std::min(first.value_or(UINT64_MAX), *outcome.first);
  if (outcome.last) last = std::max(last.value_or(0), *outcome.last);
}

std::string progress_json(const Progress& progress) {
  std::string out = "{\"stele_progress\":1";
  append_member(out, "size", progress.file.size);
  append_member(out, "modified", progress.file.modified);
  append_member(out, "inode", progress.file.inode);
  out += ",\"origin\":";
  append_json_string(out, progress.origin);
  out += ",\"source\":";
  append_json_string(out, progress.source);
  append_member(out, "offset", progress.offset);
  append_member(out, "line", progress.line);
  append_member(out, "stored", progress.stored);
  append_member(out, "repeated", progress.repeated);
  append_member(out, "refused", progress.refused);
  if (progress.first) append_member(out, "first", *progress.first);
  if (progress.last) append_member(out, "last", *progress.last);
  return out + "}\n";
}

Result<Progress> parse_progress(std::string_view json) {
  event::JsonTape tape;
  STELE_TRY(parse_json(json, tape));
  const JsonValue top(tape);
  if (top["stele_progress"].number() != 1) return invalid("it is not of this version");
  Progress progress;
  bool good = true;
  const auto read = [&](std::string_view name, std::uint64_t& to) {
    const auto value = top[name].number();
    good = good && value;
    to = value.value_or(0);
  };
  read("size", progress.file.size);
  read("modified", progress.file.modified);
  read("inode", progress.file.inode);
  read("offset", progress.offset);
  read("line", progress.line);
  read("stored", progress.stored);
  read("repeated", progress.repeated);
  read("refused", progress.refused);
  progress.origin = top["origin"].text();
  progress.source = top["source"].text();
  progress.first = top["first"].number();
  progress.last = top["last"].number();
  if (!good || progress.origin.empty() || progress.source.empty()) return invalid("members are missing");
  if (progress.offset > progress.file.size) return invalid("it is about more than the file had");
  return progress;
}

Status check_progress(const Progress& progress, const FileIdentity& file, const std::string& origin, const std::string& source) {
  if (progress.origin != origin) return differs("it was going to another log, " + progress.origin);
  if (progress.source != source) return differs("it was going under the source \"" + progress.source + "\"");
  if (progress.file.inode != file.inode) return differs("the file was replaced since");
  if (file.size < progress.file.size) return differs("the file became shorter since");
  if (file.size == progress.file.size && file.modified != progress.file.modified) return differs("the file was changed since");
  return {};
}

}  // namespace stele::cli
