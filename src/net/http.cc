#include "net/http.h"

#include <algorithm>

#include "base/bytes.h"

namespace stele::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (same_name(header.first, name)) return header.second;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> Request::parameters() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    if (!pair.empty())
      out.emplace_back(percent_decode(pair.substr(0, equals)), percent_decode(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return out;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (auto& [own, value] : parameters()) {
    if (own == name) return std::move(value);
  }
  return std::nullopt;
}

std::string_view status_text(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 207: return "Multi-Status";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return status < 500 ? "Error" : "Internal Server Error";
  }
}

Response no_answer() {
  return {
      500, {{"Content-Type", "application/json"}}, R"({"error":{"code":"internal","message":"no answer was given"}})", nullptr};
}

void Reply::send(Response response) const { state_->send(std::move(response)); }

void Reply::post(std::function<void()> f) const { state_->post(std::move(f)); }

}  // namespace stele::net
