// What an identity that does not see everything is told: which entries, and with which of their fields.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/identity.h"
#include "base/result.h"
#include "event/mask.h"
#include "query/query.h"

namespace stele::api {

// What an entry must be to be seen; kAll: any is.
query::Term scope_of(const access::Sight& sight);

// The mask over the fields that it does not see; null: it sees all.
std::shared_ptr<const event::Mask> mask_of(const access::Identity& identity);

// What a query asks of what is seen through the mask: words are not looked for in what is masked, and of fields with several
// paths those are asked that are not. kDenied where a field is all masked. `mask` may be null.
Status keep_to_mask(query::Term& term, const event::Mask* mask);
// And of its warnings, which tell whether a field is anywhere.
Status keep_to_mask(query::Query& query, const event::Mask* mask);
// The same of a field's paths.
Status keep_to_mask(std::vector<std::string>& paths, const event::Mask* mask);

}  // namespace stele::api
