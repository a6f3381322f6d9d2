// Any bytes as a query in JSON: an error, or a tree within its limits that decides on an entry; and its denial does the opposite.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "query/document.h"
#include "support/queries.h"

namespace {

namespace sq = stele::query;
namespace st = stele::testing;
using st::require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto result = sq::parse_document(json, st::kQueryNow);
  if (const auto* error = std::get_if<sq::QueryError>(&result)) {
    st::require_sayable(*error);
    require(!error->at);
    return 0;
  }
  const bool held = st::decides(std::get<sq::Query>(result));
  const auto denied = sq::parse_document("{\"not\":" + std::string(json) + "}", st::kQueryNow);
  if (const auto* query = std::get_if<sq::Query>(&denied)) require(st::decides(*query) != held);
  return 0;
}
