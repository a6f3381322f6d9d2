#include "sources/notices.h"

namespace stele::sources {
namespace {

std::string numbers_text(NumberRange range) {
  if (range.from == range.to) return "number " + std::to_string(range.from);
  return "numbers " + std::to_string(range.from) + " to " + std::to_string(range.to);
}

struct Words {
  std::string_view action;
  std::string_view severity;
  std::string_view outcome;
};

Words words_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kGap: return {"stele.source.gap", "warning", "failure"};
    case Finding::Kind::kGapFilled: return {"stele.source.gap_filled", "notice", "success"};
    case Finding::Kind::kSilent: return {"stele.source.silent", "warning", "failure"};
    case Finding::Kind::kResumed: return {"stele.source.resumed", "notice", "success"};
  }
  return {};
}

std::string sentence_of(const Finding& finding, const Registered* registered) {
  const std::string who = "source " + finding.source;
  const std::string expected = registered != nullptr && registered->expect ? span_text(*registered->expect) : "";
  switch (finding.kind) {
    case Finding::Kind::kGap: return numbers_text(finding.numbers) + " of " + who + " did not arrive.";
    case Finding::Kind::kGapFilled: return numbers_text(finding.numbers) + " of " + who + " arrived after all.";
    case Finding::Kind::kSilent:
      return who + " sent nothing since " + format_time(finding.since) + "; something is expected every " + expected + ".";
    case Finding::Kind::kResumed: return who + " sends again.";
  }
  return {};
}

}  // namespace

event::InternalEvent event_of(const Finding& finding, const Registry& registry, UnixNanos now) {
  const Registered* registered = registry.find(finding.source);
  const Words words = words_of(finding.kind);
  event::InternalEvent out;
  out.time = now;
  out.action = words.action;
  out.category = "system_error";
  out.outcome = words.outcome;
  out.severity = words.severity;
  out.message = sentence_of(finding, registered);
  out.message[0] = static_cast<char>(out.message[0] - 'a' + 'A');
  out.targets = {{"source", finding.source}};
  out.attributes.emplace_back("source", finding.source);
  if (registered != nullptr && !registered->owner.empty()) out.attributes.emplace_back("owner", registered->owner);
  if (finding.kind == Finding::Kind::kGap || finding.kind == Finding::Kind::kGapFilled) {
    out.attributes.emplace_back("sequence", finding.sequence);
    out.attributes.emplace_back("from", finding.numbers.from);
    out.attributes.emplace_back("to", finding.numbers.to);
    out.attributes.emplace_back("count", finding.numbers.to - finding.numbers.from + 1);
  } else {
    out.attributes.emplace_back("since", format_time(finding.since));
  }
  return out;
}

event::InternalEvent clock_event(const io::ClockDiscipline& clock, ClockNews news, UnixNanos now) {
  event::InternalEvent out;
  out.time = now;
  const bool sample = news == ClockNews::kSample;
  out.action = sample ? "stele.clock.sampled" : clock.synchronised ? "stele.clock.synchronised" : "stele.clock.unsynchronised";
  out.category = clock.synchronised ? "system_activity" : "system_error";
  out.outcome = clock.synchronised ? "success" : "failure";
  out.severity = sample ? "info" : clock.synchronised ? "notice" : "warning";
  out.message =
      clock.synchronised
          ? "The server's clock is synchronised, to " + std::to_string(clock.max_error_nanos / 1'000) + " microseconds at worst."
          : "Nobody keeps the server's clock: times of receipt may be wrong. Start chrony or systemd-timesyncd.";
  out.targets = {{"clock", "system"}};
  out.attributes.emplace_back("synchronised", clock.synchronised);
  out.attributes.emplace_back("max_error_us", static_cast<std::uint64_t>(clock.max_error_nanos / 1'000));
  out.attributes.emplace_back("estimated_error_us", static_cast<std::uint64_t>(clock.estimated_error_nanos / 1'000));
  return out;
}

event::InternalEvent registered_event(const Registry& registry, UnixNanos now) {
  event::InternalEvent out;
  out.time = now;
  out.action = "stele.sources.registered";
  out.category = "configuration_change";
  out.severity = "notice";
  out.message = "The sources that are expected were changed: " + std::to_string(registry.sources().size()) + " are registered.";
  out.targets = {{"configuration", "sources"}};
  out.attributes.emplace_back("sha256", registry.digest());
  out.attributes.emplace_back("count", static_cast<std::uint64_t>(registry.sources().size()));
  return out;
}

}  // namespace stele::sources
