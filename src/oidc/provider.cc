#include "oidc/provider.h"

#include "base/json_text.h"
#include "crypto/sha256.h"
#include "event/json_value.h"
#include "oidc/encoding.h"

namespace stele::oidc {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::size_t kAnswerBytesMax = 1U << 20;

// What others wrote, in a sentence of ours.
std::string quoted(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  std::string out;
  for (const char c : text.substr(0, kBytesMax)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (!is_utf8(out)) out.pop_back();
  return out;
}

std::string refusal_text(std::string_view error, std::string_view description) {
  return "the provider refuses: " + quoted(error) + (description.empty() ? "" : " (" + quoted(description) + ")");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  out += name;
  out += '=';
  out += form_encode(value);
}

std::string with_query(const std::string& url, const std::string& query) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + query;
}

}  // namespace

Result<TokenAnswer> parse_token_answer(int status, std::string_view json) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kAnswerBytesMax;
  limits.depth_max = 16;
  if (!tape.parse(json, limits, error) || !JsonValue(tape).is(JsonType::kObject))
    return unavailable("the provider answers with status " + std::to_string(status) + ", and no JSON, where codes are exchanged");
  const JsonValue root(tape);
  if (root["error"]) return unauthenticated(refusal_text(root["error"].text(), root["error_description"].text()));
  if (status != 200)
    return unavailable("the provider answers with status " + std::to_string(status) + " where codes are exchanged");
  TokenAnswer out{root["id_token"].text(), root["access_token"].text()};
  if (out.id_token.empty()) return unavailable("the provider gives no ID token; is openid among oidc_scopes?");
  return out;
}

Result<net::ClientAnswer> Provider::get(const std::string& url, std::size_t bytes_max, const std::string& token) const {
  STELE_ASSIGN(const Url parsed, parse_url(url));
  net::HttpClient client(parsed.base);
  client.set_trust({options_.ca_file, ""});
  client.set_token(token);
  STELE_ASSIGN(net::ClientAnswer answer, client.get(parsed.target, {options_.seconds_max, bytes_max, &stopping_}));
  if (answer.status != 200) return unavailable(url + " answers with status " + std::to_string(answer.status));
  return answer;
}

Result<Metadata> Provider::metadata() {
  const std::lock_guard lock(metadata_mutex_);
  const std::int64_t now = clock_.monotonic();
  if (metadata_ && metadata_read_ + options_.kept > now) return *metadata_;
  if (failure_ && failed_ + options_.failure_kept > now) return *failure_;
  const auto answer = get(metadata_url(options_.issuer), kMetadataBytesMax);
  auto read = answer ? parse_metadata(answer->body, options_.issuer) : Result<Metadata>(answer.error());
  if (!read) {
    failed_ = clock_.monotonic();
    failure_ = unavailable(read.error().message);
    return *failure_;
  }
  failure_.reset();
  metadata_ = std::move(*read);
  metadata_read_ = now;
  const std::lock_guard logout_lock(logout_mutex_);
  end_session_endpoint_ = metadata_->end_session_endpoint;
  return *metadata_;
}

// No post_logout_redirect_uri: providers refuse one that nobody registered there, and say themselves that he is out.
std::string Provider::logout_url() const {
  const std::lock_guard lock(logout_mutex_);
  if (end_session_endpoint_.empty()) return "";
  std::string query;
  append_field(query, "client_id", options_.client_id);
  return with_query(end_session_endpoint_, query);
}

Result<std::string> Provider::authorization_url(const Attempt& attempt) {
  STELE_ASSIGN(const Metadata metadata, this->metadata());
  std::string query;
  append_field(query, "response_type", "code");
  append_field(query, "client_id", options_.client_id);
  append_field(query, "redirect_uri", options_.redirect_uri);
  append_field(query, "scope", options_.scopes);
  append_field(query, "state", attempt.state);
  append_field(query, "nonce", attempt.nonce);
  append_field(query, "code_challenge", base64url_encode(as_byte_span(crypto::sha256(as_byte_span(attempt.verifier)))));
  append_field(query, "code_challenge_method", "S256");
  return with_query(metadata.authorization_endpoint, query);
}

Result<TokenAnswer> Provider::exchange(const Metadata& metadata, const Attempt& attempt, const std::string& code) const {
  STELE_ASSIGN(const Url url, parse_url(metadata.token_endpoint));
  std::string body;
  append_field(body, "grant_type", "authorization_code");
  append_field(body, "code", code);
  append_field(body, "redirect_uri", options_.redirect_uri);
  append_field(body, "code_verifier", attempt.verifier);
  net::PostRequest request;
  if (options_.client_secret.empty() || metadata.secret_in_form) append_field(body, "client_id", options_.client_id);
  if (!options_.client_secret.empty() && metadata.secret_in_form) append_field(body, "client_secret", options_.client_secret);
  if (!options_.client_secret.empty() && !metadata.secret_in_form) {  // RFC 6749 section 2.3.1
    const std::string pair = form_encode(options_.client_id) + ":" + form_encode(options_.client_secret);
    request.headers.push_back("Authorization: Basic " + base64_encode(as_byte_span(pair)));
  }
  request.headers.emplace_back("Accept: application/json");
  request.body = body;
  request.content_type = "application/x-www-form-urlencoded";
  request.seconds_max = options_.seconds_max;
  request.answer_bytes_max = kAnswerBytesMax;
  request.give_up = &stopping_;
  net::HttpClient client(url.base);
  client.set_trust({options_.ca_file, ""});
  STELE_ASSIGN(const net::ClientAnswer answer, client.post(url.target, request));
  return parse_token_answer(answer.status, answer.body);
}

Status Provider::read_keys(const Metadata& metadata) {
  const auto answer = get(metadata.jwks_uri, kKeysBytesMax);
  if (!answer) return unavailable(answer.error().message);
  auto keys = Keys::parse(answer->body);
  if (!keys) return unavailable(keys.error().message);
  keys_ = std::move(*keys);
  keys_read_ = clock_.monotonic();
  return {};
}

Result<Signed> Provider::verify(const Metadata& metadata, const std::string& token) {
  const std::lock_guard lock(keys_mutex_);
  const std::int64_t now = clock_.monotonic();
  if (!keys_ || keys_read_ + options_.kept <= now) STELE_TRY(read_keys(metadata));
  auto read = keys_->verify(token);
  const bool may_ask = !keys_read_anew_ || *keys_read_anew_ + options_.keys_anew <= now;
  if (!read && read.error().code == Code::kNotFound && may_ask) {
    keys_read_anew_ = now;
    STELE_TRY(read_keys(metadata));
    read = keys_->verify(token);
  }
  if (!read) return unauthenticated(read.error().message);
  return read;
}

Result<Person> Provider::ask_more(const Metadata& metadata, const std::string& access_token) const {
  STELE_ASSIGN(const net::ClientAnswer answer, get(metadata.userinfo_endpoint, kClaimsBytesMax, access_token));
  return read_person(answer.body, options_.claims);
}

Result<Person> Provider::redeem(const Attempt& attempt, const Return& returned) {
  STELE_ASSIGN(const Metadata metadata, this->metadata());
  if (returned.issuer ? *returned.issuer != options_.issuer : metadata.names_issuer)
    return unauthenticated("the browser was sent back by another issuer (iss)");
  if (!returned.error.empty()) return unauthenticated(refusal_text(returned.error, returned.error_description));
  if (returned.code.empty()) return unauthenticated("the provider sent the browser back without a code");
  STELE_ASSIGN(const TokenAnswer tokens, exchange(metadata, attempt, returned.code));
  STELE_ASSIGN(const Signed token, verify(metadata, tokens.id_token));
  STELE_TRY(check_id_token(
      token.payload, {options_.issuer, options_.client_id, attempt.nonce, tokens.access_token, token.algorithm, clock_.now()}));
  STELE_ASSIGN(Person person, read_person(token.payload, options_.claims));
  // Many providers say the rest of him there alone (Core section 5.4).
  const bool lacks = person.user.empty() || !person.groups || person.name.empty();
  if (!lacks || metadata.userinfo_endpoint.empty() || tokens.access_token.empty()) return person;
  STELE_ASSIGN(Person more, ask_more(metadata, tokens.access_token));
  if (more.subject != person.subject) return unauthenticated("the provider says more of somebody else than who came (sub)");
  person.add(std::move(more));
  return person;
}

}  // namespace stele::oidc
