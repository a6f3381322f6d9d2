#include "normalise/samples.h"

#include "event/intake.h"

namespace stele::normalise {
namespace {

constexpr event::JsonLimits kLimits{kNormaliserBytesMax, 64, 100'000};

}  // namespace

std::optional<std::string> member_at(std::string_view json, std::string_view path) {
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(json, kLimits, error)) return std::nullopt;
  Record record;
  record.set_document(&tape);
  std::string scratch;
  const auto value = record.find(path, scratch);
  if (!value) return std::nullopt;
  return std::string(value->bytes);
}

Tried try_sample(const Sample& sample, const Ruleset& rules) {
  Tried out;
  Record record;
  for (const auto& [name, value] : sample.fields) record.set(name, value);
  record.set_text(sample.message);
  event::JsonTape document;
  if (!sample.document.empty()) {
    event::JsonError error;
    if (!document.parse(sample.document, kLimits, error)) {
      out.failures.push_back("the document is not JSON: " + error.message);
      return out;
    }
    record.set_document(&document);
  }
  Draft draft;
  draft.claim(Part::kTime) = R"("2026-11-23T16:20:00Z")";
  draft.conclude(Part::kActor) = R"({"type":"process","id":"unknown"})";
  draft.conclude(Part::kOutcome) = R"("unknown")";
  const Rule* rule = rules.conclude(record, draft);
  if (rule == nullptr || rule->by != sample.rule)
    out.failures.push_back(rule == nullptr ? "no rule fits" : rule->by + " goes before it");
  draft.write(out.event, out.derived);
  for (const auto& [path, expected] : sample.gives) {
    const auto got = member_at(out.event, path);
    if (got == expected || (!got && expected.empty())) continue;
    out.failures.push_back(path + " is " + (got ? "\"" + *got + "\"" : "absent") + ", not \"" + expected + "\"");
  }
  event::Intake intake(kLimits);
  event::Accepted accepted;
  event::Finding finding;
  if (rule != nullptr && !intake.read(out.event, accepted, finding))
    out.failures.push_back("what comes out is no event: " + finding.path + ": " + finding.message);
  return out;
}

}  // namespace stele::normalise
