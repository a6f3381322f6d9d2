#include "api/sight.h"

#include <algorithm>

#include "event/mask.h"
#include "query/fields.h"
#include "query/term_maker.h"

namespace stele::api {
namespace {

using query::Term;

Term within(Term::Kind kind, const access::Sight& sight) {
  Term out;
  out.kind = kind;
  out.from = sight.since;
  out.before = sight.until;
  return out;
}

Term category_is(const std::string& category) {
  Term out;
  out.kind = Term::Kind::kField;
  out.paths = query::find_field("category").paths;
  out.test = query::Condition::is(category);
  return out;
}

}  // namespace

Term scope_of(const access::Sight& sight) {
  std::vector<Term> all;
  // What happened then is claimed, and when it came is attested: by either it is of the period, so that no wrong clock hides it.
  if (sight.since || sight.until)
    all.push_back(query::one_of({within(Term::Kind::kReceived, sight), within(Term::Kind::kTime, sight)}));
  std::vector<Term> categories;
  for (const std::string& category : sight.categories) categories.push_back(category_is(category));
  if (!categories.empty()) all.push_back(query::one_of(std::move(categories)));
  return query::all_of(std::move(all));
}

std::shared_ptr<const event::Mask> mask_of(const access::Identity& identity) {
  return identity.role->masked.empty() ? nullptr : std::make_shared<const event::Mask>(identity.role->masked);
}

Status keep_to_mask(std::vector<std::string>& paths, const event::Mask* mask) {
  if (mask == nullptr || paths.empty()) return {};
  const std::string asked = paths.back();
  std::erase_if(paths, [&](const std::string& path) { return event::is_masked(path, mask->paths()); });
  if (!paths.empty()) return {};
  return Error{Code::kDenied, "the field " + asked + " is masked for this role"};
}

Status keep_to_mask(Term& term, const event::Mask* mask) {
  if (mask == nullptr) return {};
  if (term.kind == Term::Kind::kAnywhere) term.paths = mask->paths();
  if (term.kind == Term::Kind::kField) STELE_TRY(keep_to_mask(term.paths, mask));
  for (Term& one : term.terms) STELE_TRY(keep_to_mask(one, mask));
  return {};
}

Status keep_to_mask(query::Query& query, const event::Mask* mask) {
  if (mask == nullptr) return {};
  STELE_TRY(keep_to_mask(query.term, mask));
  std::erase_if(query.warnings,
                [&](query::QueryWarning& warning) { return !warning.paths.empty() && !keep_to_mask(warning.paths, mask); });
  return {};
}

}  // namespace stele::api
