#include "api/pages.h"

#include "api/service.h"
#include "api/shipped.h"

namespace stele::api {
namespace {

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return name.ends_with(".css") ? "text/css; charset=utf-8" : "text/html; charset=utf-8";
}

}  // namespace

net::Response page_response(std::string_view type, std::string_view text) {
  net::Response response;
  response.headers = {{"Content-Type", std::string(type)},
                      {"Cache-Control", "no-cache"},
                      {"Content-Security-Policy",
                       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
                       "frame-ancestors 'none'; base-uri 'none'"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = text;
  return response;
}

void add_page_routes(Router& router, Service& /*service*/) {
  for (const ShippedFile& file : shipped_files()) {
    const bool is_html = file.name.ends_with(".html");
    const std::string path = "/" + std::string(file.name.substr(0, is_html ? file.name.find('.') : file.name.size()));
    router.add({"GET", path, access::Permission::kRead, audit::OnRecord::never(),
                [&file](const net::Request&, const Call&, const net::Reply& reply) {
                  reply.send(page_response(type_of(file.name), file.text));
                },
                Gate::kOpen});
  }
}

}  // namespace stele::api
