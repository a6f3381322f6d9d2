// What a request asks for, from its query string or from a JSON object in its body; and the query among it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "net/http.h"
#include "query/query.h"

namespace stele::api {

// Values by name: strings as they are, other JSON values as their text, arrays of strings with commas between.
class Parameters {
 public:
  // kInvalid names what is not in `known`, and what is wrong with a body. A POST has its parameters in the body.
  static Result<Parameters> read(const net::Request& request, const std::set<std::string_view>& known);
  // All there are: of the body, an object, or of the query string, in which none stands twice.
  static Result<Parameters> read_all(const net::Request& request, bool of_body);

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& values() const { return values_; }
  [[nodiscard]] std::string text(const std::string& name, std::string otherwise = {}) const;
  // kInvalid when it is there and is none.
  [[nodiscard]] Result<std::uint64_t> number(const std::string& name, std::uint64_t otherwise) const;
  [[nodiscard]] Result<bool> truth(const std::string& name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// The query of `q`, as people type it, or of `query`, as JSON. Or the answer that says what is wrong with it, and where.
std::variant<query::Query, net::Response> read_query(const Parameters& parameters, UnixNanos now);

// {"message":…,"at":…,"suggestion":…}
std::string query_error_json(const query::QueryError& error);

}  // namespace stele::api
