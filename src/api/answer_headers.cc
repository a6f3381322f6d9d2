#include "api/answer_headers.h"

#include <algorithm>
#include <memory>

namespace stele::api {
namespace {

// Answers through another reply.
class Around : public net::Reply::State {
 public:
  explicit Around(const net::Reply& inner) : inner_(inner) {}
  void post(std::function<void()> f) override { inner_.post(std::move(f)); }
  [[nodiscard]] bool is_given_up() const override { return inner_.is_given_up(); }

 protected:
  void pass_on(net::Response response) const { inner_.send(std::move(response)); }

 private:
  net::Reply inner_;
};

void add(net::Response& response, const char* name, std::string value) { response.headers.emplace_back(name, std::move(value)); }

bool has(const net::Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [&](const net::Header& header) { return header.first == name; });
}

class Private final : public Around {
 public:
  Private(const net::Reply& inner, bool allows_origins, std::string origin)
      : Around(inner), allows_origins_(allows_origins), origin_(std::move(origin)) {}
  void send(net::Response response) override {
    if (!has(response, "Cache-Control")) add(response, "Cache-Control", "private");
    add(response, "Vary", allows_origins_ ? "Authorization, Cookie, Origin" : "Authorization, Cookie");
    if (!origin_.empty()) {
      add(response, "Access-Control-Allow-Origin", origin_);
      add(response, "Access-Control-Expose-Headers", "Retry-After, Stele-Salt, Stele-Truncated");
    }
    pass_on(std::move(response));
  }

 private:
  const bool allows_origins_;
  const std::string origin_;  // that may read it; empty: none
};

class Public final : public Around {
 public:
  using Around::Around;
  void send(net::Response response) override {
    constexpr std::string_view kPrivate = "private";
    for (auto& [name, value] : response.headers) {
      if (name == "Cache-Control" && value.starts_with(kPrivate)) value.replace(0, kPrivate.size(), "public");
    }
    add(response, "Access-Control-Allow-Origin", "*");
    pass_on(std::move(response));
  }
};

}  // namespace

bool is_from_allowed(const net::Request& request, const Origins& allowed) {
  const std::string_view origin = request.header("origin");
  return !origin.empty() && std::ranges::find(allowed, origin) != allowed.end();
}

bool is_preflight(const net::Request& request, const Origins& allowed) {
  return request.method == "OPTIONS" && !request.header("access-control-request-method").empty() &&
         is_from_allowed(request, allowed);
}

net::Response preflight_response(const net::Request& request) {
  net::Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Origin", std::string(request.header("origin"))},
                      {"Access-Control-Allow-Methods", "GET, HEAD, POST"},
                      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, Stele-Approval"},
                      {"Access-Control-Max-Age", "600"},
                      {"Vary", "Origin"}};
  return response;
}

net::Reply private_reply(const net::Request& request, const net::Reply& reply, const Origins& allowed) {
  const bool readable = is_from_allowed(request, allowed) && !request.header("authorization").empty();
  return net::Reply(
      std::make_shared<Private>(reply, !allowed.empty(), readable ? std::string(request.header("origin")) : std::string()));
}

net::Reply public_reply(const net::Reply& reply) { return net::Reply(std::make_shared<Public>(reply)); }

}  // namespace stele::api
