#include "api/delivery_request.h"

#include "base/json_text.h"
#include "net/decompress.h"

namespace stele::api {

Result<event::Source> source_of(const net::Request& request, const Call& call, std::string_view name, std::string_view kind) {
  constexpr std::size_t kNameBytesMax = 128;
  const std::string& own = call.identity.source;
  event::Source source{request.parameter("source").value_or(own.empty() ? std::string(name) : own), std::string(kind),
                       request.peer.address, ""};
  if (!own.empty() && source.id != own)
    return Error{Code::kDenied, call.identity.name + " writes as the source " + own + " alone"};
  if (source.id.empty() || source.id.size() > kNameBytesMax || !is_utf8(source.id))
    return invalid("source is a name of 1 to 128 bytes of UTF-8");
  if (const auto& credentials = request.peer.credentials) {
    source.peer = "pid:" + std::to_string(credentials->pid);
    source.identity = "uid:" + std::to_string(credentials->uid);
  }
  if (call.identity.is_token() || call.identity.is_certificate()) source.identity = call.identity.text;
  return source;
}

Result<std::string_view> plain_body(const net::Request& request, std::uint64_t limit, std::string& decoded) {
  const auto coding = request.header("content-encoding");
  if (coding.empty()) return std::string_view(request.body);
  STELE_ASSIGN(decoded, net::decompress(coding, request.body, limit));
  return std::string_view(decoded);
}

}  // namespace stele::api
