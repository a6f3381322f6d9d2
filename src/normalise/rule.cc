#include "normalise/rule.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/readable_text.h"

namespace stele::normalise {
namespace {

constexpr std::size_t kActionBytesMax = 1000;

void apply_text(const Rule::TextPart& one, const Scope& scope, std::string& text, Draft& draft) {
  if (!one.formula.append_text(scope, text) || text.empty()) return;
  if (one.part == Part::kTime && !parse_time(text)) return;
  if (one.part == Part::kSeq) {
    if (parse_decimal(text)) draft.conclude(one.part) = text;
    return;
  }
  std::string& out = draft.conclude(one.part);
  out.push_back('"');
  append_readable(out, text, kActionBytesMax);
  out.push_back('"');
}

// One object of each element of the array that the formula names.
void append_each(const ObjectFormula& formula, Scope scope, std::string& list) {
  const auto array = scope.record.node(formula.each);
  if (!array || scope.record.document()->nodes()[*array].type != event::JsonType::kArray) return;
  scope.record.document()->for_each_child(*array, [&](std::uint32_t element) {
    scope.element = element;
    if (list.size() > 1) list.push_back(',');
    if (!formula.append(scope, list) && list.size() > 1) list.pop_back();
  });
}

// `list` is the bracket that opens it.
void apply_list(const Rule::ListPart& one, const Scope& scope, std::string& list, Draft& draft) {
  for (const ObjectFormula& formula : one.elements) {
    if (!formula.each.empty()) {
      append_each(formula, scope, list);
      continue;
    }
    const bool more = list.size() > 1;
    if (more) list.push_back(',');
    if (!formula.append(scope, list) && more) list.pop_back();
  }
  if (list.size() == 1) return;
  list.push_back(']');
  draft.conclude(one.part) = list;
}

}  // namespace

bool Condition::holds(const Record& record) const {
  std::string scratch;
  const auto value = record.find(field, scratch);
  if (!value) return false;
  return values.empty() || std::find(values.begin(), values.end(), value->bytes) != values.end();
}

bool Rule::is_for(const Record& record) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& one) { return one.holds(record); });
}

// What apply() needs anew for each record, kept for its capacity.
struct Rule::Working {
  std::vector<std::string_view> groups;
  std::vector<std::string> kept;  // what the groups of extracts borrow from
  std::string text;

  void clear(std::size_t count) {
    groups.clear();
    if (kept.size() < count) kept.resize(count);
  }
};

bool Rule::apply(const Record& record, Draft& draft) const {
  thread_local Working working;
  working.clear(extracts.size());
  std::vector<std::string_view>& groups = working.groups;
  if (match && !match->match(record.text(), groups)) return false;
  for (std::size_t i = 0; i < extracts.size(); ++i) {
    std::string& text = working.kept[i];
    text.clear();
    const std::size_t count = groups.size();
    if (!extracts[i].from.append_text({record, group_names, groups}, text) || !extracts[i].match.match(text, groups))
      groups.resize(count + extracts[i].match.names().size());
  }
  const Scope scope{record, group_names, groups};
  std::string& text = working.text;
  for (const TextPart& one : texts) {
    text.clear();
    apply_text(one, scope, text, draft);
  }
  for (const ObjectPart& one : objects) {
    text.clear();
    if (!one.formula.append(scope, text)) continue;
    draft.conclude(one.part) = text;
    if (one.part == Part::kActor) draft.set_unattributed(text.find(R"("id":"unknown")") != std::string::npos);
  }
  for (const ListPart& one : lists) {
    text = "[";
    apply_list(one, scope, text, draft);
  }
  for (const auto& [name, formula] : attributes) {
    text.clear();
    if (!formula.append_json(scope, text)) continue;
    if (std::string* out = draft.attribute(name)) *out += text;
  }
  draft.set_by(by);
  return true;
}

}  // namespace stele::normalise
