// Any text as a query: an error at one of its characters, or a tree within its limits that decides on an entry; and a query in
// parentheses, or denied twice, means the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "query/parse.h"
#include "support/queries.h"

namespace {

namespace sq = stele::query;
namespace st = stele::testing;
using st::require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = sq::parse_query(text, st::kQueryNow);
  if (const auto* error = std::get_if<sq::QueryError>(&result)) {
    st::require_sayable(*error);
    require(!error->at || *error->at <= size);
    return 0;
  }
  const auto& query = std::get<sq::Query>(result);
  const bool held = st::decides(query);
  for (const sq::QueryWarning& warning : query.warnings) require(warning.what.at && *warning.what.at < size);
  if (size + 6 > sq::kQueryBytesMax || text.find_first_not_of(" \t\r\n") == std::string_view::npos) return 0;
  for (const std::string& same : {"(" + std::string(text) + ")", "-(-(" + std::string(text) + "))"}) {
    const auto again = sq::parse_query(same, st::kQueryNow);
    if (const auto* nested = std::get_if<sq::Query>(&again)) require(st::decides(*nested) == held);
  }
  return 0;
}
