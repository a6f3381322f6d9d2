// /log/{log}/…: what anyone needs to check the log alone (C2SP tlog-tiles, tlog-checkpoint, tlog-proof).
#include <algorithm>

#include "api/responses.h"
#include "api/service.h"
#include "api/sight.h"
#include "base/json_text.h"
#include "merkle/checkpoint.h"
#include "merkle/tile.h"
#include "query/matcher.h"

namespace stele::api {
namespace {

constexpr std::string_view kImmutable = "private, max-age=31536000, immutable";

bool wants_json(const net::Request& request) {
  return request.parameter("format") == "json" || request.header("accept").find("application/json") != std::string_view::npos;
}

// A handler that only needs the log's store and answers at once.
using StoreHandler = std::function<Result<net::Response>(const net::Request&, const Call&, const log::Store&)>;

RouteHandler with_store(const Service& service, StoreHandler handler) {
  return [&service, handler = std::move(handler)](const net::Request& request, const Call& call, const net::Reply& reply) {
    const auto sequencer = service.find(call, call.parts.at(0));
    if (!sequencer) return reply.send(error_response(sequencer.error()));
    const auto store = (*sequencer)->store();
    auto answer = handler(request, call, *store);
    net::Response response = answer ? std::move(*answer) : error_response(answer.error());
    reply.send(std::move(response));
  };
}

net::Response note_response(const std::string& text) {
  net::Response response = text_response(text);
  response.headers.emplace_back("Cache-Control", "private, max-age=1");
  return response;
}

// Of the paths under `folder`.
StoreHandler tiles_of(std::string folder) {
  return [folder = std::move(folder)](const net::Request&, const Call& call, const log::Store& store) -> Result<net::Response> {
    const std::string path = folder + call.parts.at(1);
    const auto tile = merkle::parse_tile_path(path);
    if (!tile) return invalid(path + " is no path of a tile");
    STELE_ASSIGN(std::string bytes, store.tile(*tile));
    net::Response response;
    response.headers = {{"Content-Type", "application/octet-stream"}, {"Cache-Control", std::string(kImmutable)}};
    response.body = std::move(bytes);
    return response;
  };
}

Result<std::uint64_t> number(const net::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  const auto value = text ? parse_decimal(*text) : std::nullopt;
  if (!value) return invalid(std::string(name) + " is needed, a decimal number");
  return *value;
}

std::string json_hashes(const merkle::Proof& proof) {
  std::string out = "[";
  for (const Hash& hash : proof) {
    out += out.size() == 1 ? "\"" : ",\"";
    base64_append(out, as_byte_span(hash));
    out += '"';
  }
  return out + "]";
}

// The signed checkpoint to prove to: the one asked for, which must be a state that was signed, else the published one.
Result<std::shared_ptr<const log::SignedState>> target(const net::Request& request, const log::Store& store) {
  if (!request.parameter("size")) return store.published();
  STELE_ASSIGN(const std::uint64_t size, number(request, "size"));
  return store.signed_state(size);
}

Result<net::Response> proof(const net::Request& request, const Call& call, const log::Store& store) {
  const auto index = parse_decimal(call.parts.at(1));
  if (!index) return invalid("an index is a decimal number, not \"" + call.parts.at(1) + "\"");
  STELE_ASSIGN(const auto state, target(request, store));
  if (*index >= state->size) {
    return Error{Code::kNotFound,
                 "entry " + std::to_string(*index) + " is not in the tree of size " + std::to_string(state->size)};
  }
  if (!call.identity.sight.is_whole()) {
    STELE_ASSIGN(const std::string bundle, store.read(*index, 1));
    const query::Term scope = scope_of(call.identity.sight);
    if (!query::Matcher(scope).matches(*index, std::string_view(bundle).substr(2)))
      return Error{Code::kNotFound, "there is no entry " + call.parts.at(1) + " that you may see"};
  }
  merkle::ProofFile file{*index, {}, state->note};
  STELE_ASSIGN(file.proof, store.prove(*index, *state));
  if (!wants_json(request)) return note_response(file.text());
  std::string out = "{\"index\":" + std::to_string(*index) + ",\"size\":" + std::to_string(state->size) +
                    ",\"proof\":" + json_hashes(file.proof) + ",\"checkpoint\":";
  append_json_string(out, state->note);
  return json_response(200, out + "}\n");
}

Result<net::Response> consistency(const net::Request& request, const Call&, const log::Store& store) {
  STELE_ASSIGN(const std::uint64_t from, number(request, "from"));
  STELE_ASSIGN(const std::uint64_t to, number(request, "to"));
  if (to > store.size())
    return Error{Code::kNotFound, "the log has " + std::to_string(store.size()) + " entries, fewer than " + std::to_string(to)};
  STELE_ASSIGN(const merkle::Proof hashes, merkle::consistency_proof(from, to, store.node_reader(log::Store::Checked::kYes)));
  if (wants_json(request)) {
    return json_response(
        200, "{\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(to) + ",\"proof\":" + json_hashes(hashes) + "}\n");
  }
  std::string lines;
  for (const Hash& hash : hashes) {
    base64_append(lines, as_byte_span(hash));
    lines += '\n';
  }
  return note_response(lines);
}

Result<net::Response> keys(const net::Request&, const Call&, const log::Store& store) {
  // One key so far: it signed every size.
  std::string out = "{\"keys\":[{\"key\":";
  append_json_string(out, store.identity().key.text());
  out += ",\"from\":0,\"to\":null}]}\n";
  return json_response(200, out);
}

}  // namespace

void add_log_routes(Router& router, Service& service) {
  using access::Permission;
  const auto get = [&](std::string_view pattern, Permission permission, std::optional<Published> published, StoreHandler handler,
                       audit::OnRecord on_record = audit::OnRecord::never()) {
    Route route{"GET", "/log/{log}/" + std::string(pattern), permission, on_record, with_store(service, std::move(handler))};
    route.published = published;
    router.add(std::move(route));
  };
  get("checkpoint", Permission::kProve, Published::kCheckpoint,
      [](const net::Request&, const Call&, const log::Store& store) -> Result<net::Response> {
        return note_response(store.published()->note);
      });
  get("key", Permission::kProve, Published::kCheckpoint,
      [](const net::Request&, const Call&, const log::Store& store) -> Result<net::Response> {
        return note_response(store.identity().key.text() + "\n");
      });
  get("keys", Permission::kProve, Published::kCheckpoint, &keys);
  get("proof/{index}", Permission::kProve, Published::kTiles, &proof);
  get("consistency", Permission::kProve, Published::kTiles, &consistency);
  constexpr auto on_record = audit::OnRecord::gathered("stele.log.copied", "copied from");
  // From these all entries, or the hash of each, can be had.
  get("tile/entries/*", Permission::kReadWhole, std::nullopt, tiles_of("tile/entries/"), on_record);
  get("tile/0/*", Permission::kReadWhole, Published::kTiles, tiles_of("tile/0/"), on_record);
  get("tile/*", Permission::kProve, Published::kTiles, tiles_of("tile/"));
}

}  // namespace stele::api
