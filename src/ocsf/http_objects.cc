// OCSF's objects of HTTP.
#include <algorithm>
#include <array>

#include "ocsf/json_object.h"
#include "ocsf/objects.h"

namespace stele::ocsf {
namespace {

using namespace std::string_view_literals;

constexpr std::array kMethods{"CONNECT"sv, "DELETE"sv, "GET"sv, "HEAD"sv, "OPTIONS"sv, "PATCH"sv, "POST"sv, "PUT"sv, "TRACE"sv};

bool is_method(std::string_view text) { return std::find(kMethods.begin(), kMethods.end(), text) != kMethods.end(); }

JsonValue method_attribute(const Facts& facts) {
  return facts.attribute({"http.request.method", "http.method", "http_method", "method"});
}

JsonValue path_attribute(const Facts& facts) {
  return facts.attribute({"url.full", "url.path", "http.url", "http.target", "uri", "url", "path"});
}

std::string url_object(Facts& facts) {
  const Target* const path = facts.target({"path", "url", "uri"});
  const std::string where = path != nullptr ? facts.take(path) : facts.take(path_attribute(facts));
  if (where.empty()) return {};
  JsonObject url;
  if (where.find("://") != std::string::npos) return url.text("url_string", where).json();
  const std::size_t query = where.find('?');
  url.text("path", where.substr(0, query));
  if (query != std::string::npos) url.text("query_string", where.substr(query + 1));
  if (url.empty() || query == 0) url.text("url_string", where);
  if (path != nullptr) url.text("hostname", facts.take(facts.target({"host"})));
  return url.json();
}

}  // namespace

std::string http_method(const Facts& facts) {
  if (facts.is_area({"http"}) && is_method(facts.action().name())) return std::string(facts.action().name());
  const std::string said = method_attribute(facts).text();
  return is_method(said) ? said : std::string();
}

std::string http_request(Facts& facts) {
  JsonObject request;
  const std::string method = http_method(facts);
  if (!method.empty() && method_attribute(facts).text() == method) facts.take(method_attribute(facts));
  request.text("http_method", method);
  if (facts.is_area({"http"}) || !method.empty()) request.raw("url", url_object(facts));
  request.text("user_agent", facts.take(facts.event()["origin"]["user_agent"]));
  if (!request.empty()) {
    request.text("referrer", facts.take(facts.attribute({"referer", "referrer"})));
    request.text("uid", facts.take(facts.event()["context"]["request_id"]));
  }
  return request.json();
}

std::string http_response(Facts& facts) {
  JsonValue status = facts.attribute({"http.response.status_code", "http.status_code", "http_status"});
  if (!status && facts.is_area({"http"})) status = facts.attribute("status");
  const auto code = facts.take_number(status);
  return code ? JsonObject().number("code", code).json() : std::string();
}

}  // namespace stele::ocsf
