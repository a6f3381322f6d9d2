#include "api/use.h"

#include "api/parameters.h"
#include "api/responses.h"
#include "api/search_request.h"
#include "event/json_tape.h"
#include "log/names.h"

namespace stele::api {
namespace {

// So that what stands between two parameters is no part of one.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '&' || c == '=')
      out += c == '%' ? "%25" : c == '&' ? "%26" : "%3D";
    else
      out += c;
  }
  return out;
}

// A statement of SQL is a JSON string; a document stays as it is.
std::string query_text(const std::string& value) {
  if (value.size() < 2 || value.front() != '"') return value;
  return event::json_unescape(std::string_view(value).substr(1, value.size() - 2));
}

}  // namespace

audit::Doer doer_of(const net::Request& request, const access::Identity* identity) {
  std::string address = request.peer.address.substr(0, request.peer.address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (request.peer.credentials) address.clear();
  return identity == nullptr ? audit::Doer{"", "", address} : audit::Doer{identity->text, identity->name, address};
}

std::string pages_from(std::string_view index) { return "from:" + std::string(index); }

void note_if_refused(audit::Recorder& recorder, const net::Request& request, const access::Identity* identity, const Error& why) {
  if (why.code == Code::kDenied || why.code == Code::kNotFound || why.code == Code::kUnauthenticated)
    recorder.refuse({doer_of(request, identity), request.method, request.path, why.message});
}

void refuse(audit::Recorder& recorder, const net::Request& request, const access::Identity* identity, const Error& why,
            const net::Reply& reply) {
  recorder.refuse({doer_of(request, identity), request.method, request.path, why.message});
  reply.send(error_response(why));
}

void refuse(const Service& service, const net::Request& request, const Call& call, const Error& why, const net::Reply& reply) {
  note_if_refused(*service.recorder, request, &call.identity, why);
  reply.send(error_response(why));
}

Result<audit::Look> look_of(const net::Request& request, const Route& route, const Call& call) {
  audit::Look out{doer_of(request, &call.identity), route.on_record, std::string(log::kMainLog), request.path, {}, {}, {}};
  STELE_ASSIGN(const Parameters parameters, Parameters::read_all(request, route.on_record.is_of_body));
  for (const auto& [name, value] : parameters.values()) {
    if (name == "log") {
      out.log = value;
    } else if (name == "q" || name == "query") {
      if (!value.empty()) out.query += (out.query.empty() ? "" : " ") + (name == "query" ? query_text(value) : value);
    } else if (name == "cursor" && route.on_record.has_pages) {
      out.pages = pages_of_cursor(value);
    } else {
      if (name == "from" && route.on_record.has_pages) out.pages = pages_from(value);
      out.parameters += (out.parameters.empty() ? "" : "&") + escaped(name) + "=" + escaped(value);
    }
  }
  if (const auto last = request.header("last-event-id"); !last.empty())
    out.parameters += (out.parameters.empty() ? "" : "&") + ("last-event-id=" + escaped(last));
  if (route.pattern.starts_with(kLogPattern)) out.log = call.parts.front();
  if (route.on_record.is_of_no_log) out.log = log::kAuditLog;
  // Who watches it makes few entries, or he would watch himself.
  if (out.log == log::kAuditLog) out.kind.is_gathered = true;
  return out;
}

}  // namespace stele::api
