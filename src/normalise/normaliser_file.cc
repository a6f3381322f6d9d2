#include "normalise/normaliser_file.h"

#include <algorithm>
#include <functional>
#include <set>
#include <span>

#include "base/bytes.h"
#include "base/json_text.h"
#include "base/yaml_reader.h"
#include "event/schema.h"

namespace stele::normalise {
namespace {

using yaml::fail;

template <typename T>
T value_or_fail(const YAML::Node& node, Result<T> result) {
  if (!result) fail(node, result.error().message);
  return std::move(*result);
}

std::string text_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar()) fail(node, std::string(what) + " is a text");
  return node.Scalar();
}

std::string name_of(const YAML::Node& node, std::string_view what) {
  std::string name = text_of(node, what);
  if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    fail(node, std::string(what) + " is made of a-z, 0-9 and -, not \"" + name + "\"");
  return name;
}

// The members of a map; a name that is not in `known` or stands twice is an error.
void for_each_member(const YAML::Node& map, std::string_view what, std::span<const std::string_view> known,
                     const std::function<void(const std::string&, const YAML::Node&)>& take) {
  if (!map.IsMap()) fail(map, std::string(what) + " is a list of \"name: value\"");
  std::set<std::string> seen;
  for (const auto& pair : map) {
    const auto name = text_of(pair.first, "a name");
    if (!seen.insert(name).second) fail(pair.first, "\"" + name + "\" stands twice");
    if (!known.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string_view one : known) names += (names.empty() ? "" : ", ") + std::string(one);
      fail(pair.first, std::string(what) + " has no \"" + name + "\"; it has " + names);
    }
    take(name, pair.second);
  }
}

// By value, as a handle: what it is given is often a temporary.
YAML::Node list_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsSequence()) fail(node, std::string(what) + " is a list");
  return node;
}

Template template_of(const YAML::Node& node, std::string_view what) {
  return value_or_fail(node, Template::parse(text_of(node, what)));
}

Expression expression_of(const YAML::Node& node) { return value_or_fail(node, Expression::parse(text_of(node, "match"))); }

// A template, or {of, map, else} or {of, format}.
Formula formula_of(const YAML::Node& node, std::string_view what) {
  Formula formula;
  if (!node.IsMap()) {
    formula.of = template_of(node, what);
    return formula;
  }
  constexpr std::string_view kKnown[] = {"of", "map", "else", "format"};
  bool has_of = false;
  for_each_member(node, what, kKnown, [&](const std::string& name, const YAML::Node& value) {
    if (name == "of") {
      formula.of = template_of(value, "of");
      has_of = true;
    } else if (name == "else") {
      formula.otherwise = text_of(value, "else");
    } else if (name == "format") {
      formula.time_format = text_of(value, "format");
    } else {
      for_each_member(value, "map", {}, [&](const std::string& from, const YAML::Node& to) {
        formula.choices.emplace_back(from, text_of(to, "a value"));
      });
    }
  });
  if (!has_of) fail(node, std::string(what) + " has no \"of\"");
  return formula;
}

// What a formula can give when that is known beforehand.
std::vector<std::string> possible(const Formula& formula) {
  std::vector<std::string> out;
  for (const auto& [from, to] : formula.choices) out.push_back(to);
  if (formula.otherwise) out.push_back(*formula.otherwise);
  if (!out.empty()) return out;
  std::string text;
  const Record nothing;
  if (formula.of.names().empty() && formula.of.append_text({nothing, {}, {}}, text)) out.push_back(text);
  return out;
}

// One of a fixed list of words.
Formula word_of(const YAML::Node& node, std::string_view what, std::span<const std::string_view> words) {
  Formula formula = formula_of(node, what);
  const auto values = possible(formula);
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  if (values.empty()) fail(node, std::string(what) + " is one of " + list + ", or a choice among them");
  for (const std::string& value : values) {
    if (std::find(words.begin(), words.end(), value) == words.end())
      fail(node, "\"" + value + "\" is no " + std::string(what) + "; there are " + list);
  }
  return formula;
}

struct KnownMember {
  std::string_view name;
  bool required = false;
  bool any = false;
};
constexpr KnownMember kActor[] = {{"type", true}, {"id", true}, {"name"}, {"email"}};
constexpr KnownMember kTarget[] = {{"type", true}, {"id", true}, {"name"}};
constexpr KnownMember kOrigin[] = {{"ip"}, {"user_agent"}, {"host"}};
constexpr KnownMember kContext[] = {{"request_id"}, {"session"}, {"trace_id"}, {"sequence"}};
constexpr KnownMember kChange[] = {{"field", true}, {"from", false, true}, {"to", false, true}};

ObjectFormula object_of(const YAML::Node& node, std::string_view what, std::span<const KnownMember> members, bool each) {
  std::vector<std::string_view> known;
  for (const KnownMember& member : members) known.push_back(member.name);
  if (each) known.emplace_back("each");
  ObjectFormula out;
  for_each_member(node, what, known, [&](const std::string& name, const YAML::Node& value) {
    if (name == "each") {
      out.each = text_of(value, "each");
      return;
    }
    const auto member = std::find_if(members.begin(), members.end(), [&](const KnownMember& one) { return one.name == name; });
    const bool actor_type = what == "actor" && name == "type";
    Formula formula = actor_type ? word_of(value, "actor type", event::actor_types()) : formula_of(value, name);
    out.members.push_back({name, std::move(formula), member->required, member->any});
  });
  for (const KnownMember& member : members) {
    const bool there =
        std::any_of(out.members.begin(), out.members.end(), [&](const auto& one) { return one.name == member.name; });
    if (member.required && !there) fail(node, std::string(what) + " has no \"" + std::string(member.name) + "\"");
  }
  return out;
}

std::vector<ObjectFormula> objects_of(const YAML::Node& node, std::string_view what, std::span<const KnownMember> members) {
  std::vector<ObjectFormula> out;
  for (const auto& one : list_of(node, what)) out.push_back(object_of(one, what, members, true));
  return out;
}

void read_event(const YAML::Node& node, Rule& rule) {
  constexpr std::string_view kKnown[] = {"id",      "seq",    "time",    "actor",   "action",   "category", "outcome",
                                         "targets", "origin", "context", "changes", "severity", "message",  "attributes"};
  std::set<std::string> seen;
  for_each_member(node, "event", kKnown, [&](const std::string& name, const YAML::Node& value) {
    seen.insert(name);
    if (name == "id") rule.texts.push_back({Part::kId, formula_of(value, name)});
    if (name == "seq") rule.texts.push_back({Part::kSeq, formula_of(value, name)});
    if (name == "action") rule.texts.push_back({Part::kAction, formula_of(value, name)});
    if (name == "time") rule.texts.push_back({Part::kTime, formula_of(value, name)});
    if (name == "message") rule.texts.push_back({Part::kMessage, formula_of(value, name)});
    if (name == "category") rule.texts.push_back({Part::kCategory, word_of(value, name, event::categories())});
    if (name == "outcome") rule.texts.push_back({Part::kOutcome, word_of(value, name, event::outcomes())});
    if (name == "severity") rule.texts.push_back({Part::kSeverity, word_of(value, name, event::severities())});
    if (name == "actor") rule.objects.push_back({Part::kActor, object_of(value, name, kActor, false)});
    if (name == "origin") rule.objects.push_back({Part::kOrigin, object_of(value, name, kOrigin, false)});
    if (name == "context") rule.objects.push_back({Part::kContext, object_of(value, name, kContext, false)});
    if (name == "targets") rule.lists.push_back({Part::kTargets, objects_of(value, "target", kTarget)});
    if (name == "changes") rule.lists.push_back({Part::kChanges, objects_of(value, "change", kChange)});
    if (name != "attributes") return;
    for_each_member(value, name, {}, [&](const std::string& attribute, const YAML::Node& formula) {
      if (attribute.starts_with('$') || !is_utf8(attribute)) fail(formula, "\"" + attribute + "\" cannot name an attribute");
      rule.attributes.emplace_back(attribute, formula_of(formula, attribute));
    });
  });
  for (const std::string_view needed : {"action", "category"}) {
    if (!seen.contains(std::string(needed))) fail(node, "event has no \"" + std::string(needed) + "\"");
  }
}

std::vector<Condition> conditions_of(const YAML::Node& node) {
  std::vector<Condition> out;
  for_each_member(node, "when", {}, [&](const std::string& field, const YAML::Node& value) {
    Condition condition{field, {}};
    if (value.IsSequence()) {
      for (const auto& one : value) condition.values.push_back(text_of(one, "a value"));
      if (condition.values.empty()) fail(value, "the list of values is empty");
    } else if (text_of(value, "a value") != "true" || value.Tag() != "?") {  // 'true' in quotes is a value
      condition.values.push_back(value.Scalar());
    }
    out.push_back(std::move(condition));
  });
  return out;
}

// A document of a sample, as JSON. Plain scalars that are JSON numbers, booleans or null are these; all else is a string.
void append_json(const YAML::Node& node, std::string& out) {
  if (node.IsMap()) {
    out.push_back('{');
    for (const auto& pair : node) {
      if (out.back() != '{') out.push_back(',');
      append_json_string(out, text_of(pair.first, "a name"));
      out.push_back(':');
      append_json(pair.second, out);
    }
    out.push_back('}');
  } else if (node.IsSequence()) {
    out.push_back('[');
    for (const auto& one : node) {
      if (out.back() != '[') out.push_back(',');
      append_json(one, out);
    }
    out.push_back(']');
  } else if (node.IsNull()) {
    out += "null";
  } else {
    const std::string& text = node.Scalar();
    const bool plain = node.Tag() == "?";
    if (plain && (text == "true" || text == "false" || parse_decimal(text)))
      out += text;
    else
      append_json_string(out, text);
  }
}

Sample sample_of(const YAML::Node& node, const std::string& file) {
  Sample sample;
  sample.where = file + ":" + std::to_string(node.Mark().line + 1);
  for_each_member(node, "a sample", {}, [&](const std::string& name, const YAML::Node& value) {
    if (name == "message") {
      sample.message = text_of(value, name);
    } else if (name == "document") {
      if (value.IsScalar())
        sample.document = value.Scalar();
      else
        append_json(value, sample.document);
    } else if (name == "gives") {
      for_each_member(value, name, {},
                      [&](const std::string& path, const YAML::Node& is) { sample.gives.emplace_back(path, text_of(is, path)); });
    } else {
      sample.fields.emplace_back(name, text_of(value, name));
    }
  });
  if (sample.gives.empty()) fail(node, "the sample does not say what it gives");
  return sample;
}

void take_groups(const Expression& expression, const YAML::Node& node, Rule& rule) {
  for (const std::string& name : expression.names()) {
    if (!name.empty() && std::find(rule.group_names.begin(), rule.group_names.end(), name) != rule.group_names.end())
      fail(node, "two groups are called \"" + name + "\"");
    rule.group_names.push_back(name);
  }
}

void read_rule(const YAML::Node& node, const std::string& file, std::span<const Condition> common, Normaliser& out) {
  constexpr std::string_view kKnown[] = {"rule", "match", "when", "extract", "event", "samples"};
  Rule rule;
  rule.conditions.assign(common.begin(), common.end());
  std::vector<Sample> samples;
  std::string name;
  bool has_event = false;
  for_each_member(node, "a rule", kKnown, [&](const std::string& member, const YAML::Node& value) {
    if (member == "rule") name = name_of(value, "the name of a rule");
    if (member == "when") {
      for (Condition& condition : conditions_of(value)) rule.conditions.push_back(std::move(condition));
    }
    if (member == "match") rule.match = expression_of(value);
    if (member == "event") {
      read_event(value, rule);
      has_event = true;
    }
    if (member == "extract") {
      constexpr std::string_view kExtract[] = {"from", "match"};
      for (const auto& one : list_of(value, "extract")) {
        for_each_member(one, "extract", kExtract, [](const std::string&, const YAML::Node&) {});
        if (!one["from"] || !one["match"]) fail(one, "an extract has \"from\" and \"match\"");
        rule.extracts.push_back({template_of(one["from"], "from"), expression_of(one["match"])});
      }
    }
    if (member == "samples") {
      for (const auto& one : list_of(value, "samples")) samples.push_back(sample_of(one, file));
    }
  });
  if (name.empty()) fail(node, "the rule has no name");
  if (!has_event) fail(node, "the rule has no \"event\"");
  if (samples.empty()) fail(node, "the rule has no samples");
  if (rule.match) take_groups(*rule.match, node, rule);
  for (const Extract& extract : rule.extracts) take_groups(extract.match, node, rule);
  rule.by = out.name + "/" + name + "@" + std::to_string(out.version);
  for (const Rule& other : out.rules) {
    if (other.by == rule.by) fail(node, "two rules are called \"" + name + "\"");
  }
  for (Sample& sample : samples) {
    sample.rule = rule.by;
    out.samples.push_back(std::move(sample));
  }
  out.rules.push_back(std::move(rule));
}

void read_root(const YAML::Node& root, const std::string& file, Normaliser& out) {
  constexpr std::string_view kKnown[] = {"normaliser", "version", "when", "rules"};
  for_each_member(root, "a normaliser", kKnown, [](const std::string&, const YAML::Node&) {});
  for (const char* needed : {"normaliser", "version", "rules"}) {
    if (!root[needed]) fail(root, "the normaliser has no \"" + std::string(needed) + "\"");
  }
  out.name = name_of(root["normaliser"], "the name of a normaliser");
  const auto version = parse_decimal(text_of(root["version"], "version"));
  constexpr std::uint64_t kVersionMax = 1'000'000;
  if (!version || *version == 0 || *version > kVersionMax) fail(root["version"], "version is a whole number from 1 on");
  out.version = static_cast<unsigned>(*version);
  std::vector<Condition> common;
  if (root["when"]) common = conditions_of(root["when"]);
  for (const auto& rule : list_of(root["rules"], "rules")) read_rule(rule, file, common, out);
}

}  // namespace

Result<Normaliser> read_normaliser(std::string_view yaml, const std::string& file) {
  if (yaml.size() > kNormaliserBytesMax)
    return Error{Code::kTooLarge, file + " has more than " + std::to_string(kNormaliserBytesMax) + " bytes"};
  Normaliser out;
  STELE_TRY(yaml::read(yaml, file, [&](const YAML::Node& root) { read_root(root, file, out); }));
  return out;
}

}  // namespace stele::normalise
