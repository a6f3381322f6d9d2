#include "timeline/link.h"

#include "query/term_maker.h"

namespace stele::timeline {

using query::Term;

std::string_view name_of(Link::Kind kind) {
  switch (kind) {
    case Link::Kind::kQuery: return "query";
    case Link::Kind::kActor: return "actor";
    case Link::Kind::kPerson: return "person";
    case Link::Kind::kTarget: return "target";
    case Link::Kind::kSession: return "session";
    case Link::Kind::kRequest: return "request";
    case Link::Kind::kTrace: return "trace";
    case Link::Kind::kIp: return "ip";
    case Link::Kind::kBecame: return "became";
    case Link::Kind::kWho: return "who";
  }
  return "";
}

Term field_is(std::vector<std::string> paths, std::string value) {
  Term out;
  out.kind = Term::Kind::kField;
  out.paths = std::move(paths);
  out.test = query::Condition::is(std::move(value));
  return out;
}

Term time_within(std::optional<UnixNanos> from, std::optional<UnixNanos> before) {
  Term out;
  if (!from && !before) return out;
  out.kind = Term::Kind::kTime;
  out.from = from;
  out.before = before;
  return out;
}

Term term_of(const Link& link) {
  std::vector<Term> all;
  switch (link.kind) {
    case Link::Kind::kQuery: break;
    case Link::Kind::kActor:
    case Link::Kind::kPerson: all.push_back(field_is({"actor.id", "actor.name", "actor.email"}, link.value)); break;
    case Link::Kind::kTarget: all.push_back(field_is({"targets.id", "targets.name"}, link.value)); break;
    case Link::Kind::kSession: all.push_back(field_is({"context.session"}, link.value)); break;
    case Link::Kind::kRequest: all.push_back(field_is({"context.request_id"}, link.value)); break;
    case Link::Kind::kTrace: all.push_back(field_is({"context.trace_id"}, link.value)); break;
    case Link::Kind::kIp: all.push_back(field_is({"origin.ip"}, link.value)); break;
    case Link::Kind::kBecame: all.push_back(field_is({"actor.id"}, link.value)); break;
    case Link::Kind::kWho:
      all.push_back(field_is({"targets.id"}, link.value));
      all.push_back(query::one_of(
          {field_is({"action"}, "sudo.run"), field_is({"action"}, "su.switch"), field_is({"action"}, "session.open")}));
      break;
  }
  if (!link.source.empty()) all.push_back(field_is({"source.id"}, link.source));
  if (!link.host.empty()) all.push_back(field_is({"attributes.host", "targets.id"}, link.host));
  if (link.from || link.before) all.push_back(time_within(link.from, link.before));
  return query::all_of(std::move(all));
}

std::string key_of(const Link& link) {
  std::string out(name_of(link.kind == Link::Kind::kPerson ? Link::Kind::kActor : link.kind));
  for (const std::string& part : {link.value, link.source, link.host}) out += '\0' + part;
  if (link.kind == Link::Kind::kWho) out += '\0' + link.terminal;
  return out;
}

}  // namespace stele::timeline
