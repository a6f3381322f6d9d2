#include "net/http_client.h"

#include <curl/curl.h>

#include "net/give_up.h"
#include "net/socket_path.h"

namespace stele::net {
namespace {

constexpr std::size_t kBodyBytesMax = 256U << 20;

struct Collected {
  std::string& body;
  std::size_t bytes_max;
};

std::size_t collect(char* data, std::size_t size, std::size_t count, void* user) {
  const auto& [body, bytes_max] = *static_cast<Collected*>(user);
  if (body.size() + size * count > bytes_max) return 0;
  body.append(data, size * count);
  return size * count;
}

struct Stream {
  CURL* curl;
  const std::function<bool(std::string_view)>& f;
  ClientAnswer answer;
};

std::size_t hand_on(char* data, std::size_t size, std::size_t count, void* user) {
  auto& stream = *static_cast<Stream*>(user);
  long status = 0;
  curl_easy_getinfo(stream.curl, CURLINFO_RESPONSE_CODE, &status);
  Collected collected{stream.answer.body, kBodyBytesMax};
  if (status != 200) return collect(data, size, count, &collected);
  return stream.f(std::string_view(data, size * count)) ? size * count : 0;
}

}  // namespace

struct HttpClient::State {
  CURL* curl = curl_easy_init();
  std::string base;
  std::string name;  // as `base`, without a user and password
  std::string token;
  std::vector<std::string> headers;
  Trust trust;
  std::string unix_socket;
  SocketPath socket_place;

  State(std::string url, std::string path)
      : base(std::move(url)), name(base), unix_socket(std::move(path)), socket_place(unix_socket) {
    const auto host = name.find("://");
    const auto at = name.rfind('@');
    if (host != std::string::npos && at != std::string::npos && at > host) name.erase(host + 3, at - host - 2);
  }
  ~State() { curl_easy_cleanup(curl); }

  void prepare(const std::string& target) const {
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, (base + target).c_str());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!unix_socket.empty()) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_place.text().c_str());
    if (!token.empty()) {
      curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
      curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token.c_str());
    }
    if (!trust.ca_file.empty()) {  // instead of the machine's authorities, the folder of them too
      curl_easy_setopt(curl, CURLOPT_CAINFO, trust.ca_file.c_str());
      curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    } else if (!trust.pin.empty()) {
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!trust.pin.empty()) curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, trust.pin.c_str());
    // The server is named; a proxy of the environment has no business between.
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  }

  void prepare_to_give_up(const std::atomic<bool>* give_up) const {
    if (give_up != nullptr) give_up_when(curl, *give_up);
  }

  [[nodiscard]] Error failure(CURLcode rc) const {
    const std::string who = unix_socket.empty() ? name : unix_socket;
    if (rc == CURLE_PEER_FAILED_VERIFICATION) {
      return unavailable(
          "no answer from " + who +
          ": its certificate is of nobody who is trusted here, or for another name; a CA file or a pin says whom to trust");
    }
    if (rc == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
      return unavailable("no answer from " + who + ": its certificate is for another key than the pin says");
    return unavailable("no answer from " + who + ": " + curl_easy_strerror(rc));
  }

  [[nodiscard]] Result<ClientAnswer> perform(std::size_t bytes_max = kBodyBytesMax) const {
    ClientAnswer answer;
    Collected collected{answer.body, bytes_max};
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &collected);
    if (const CURLcode rc = curl_easy_perform(curl); rc != CURLE_OK) return failure(rc);
    read_head(answer);
    return answer;
  }

  void read_head(ClientAnswer& answer) const {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    answer.status = static_cast<int>(status);
    answer.retry_after = retry_after;
  }
};

HttpClient::HttpClient(std::string base, std::string unix_socket) {
  while (base.ends_with('/')) base.pop_back();
  state_ = std::make_unique<State>(std::move(base), std::move(unix_socket));
}

HttpClient::~HttpClient() = default;

void HttpClient::set_trust(Trust trust) { state_->trust = std::move(trust); }

void HttpClient::set_token(std::string token) { state_->token = std::move(token); }
void HttpClient::add_header(std::string header) { state_->headers.push_back(std::move(header)); }

Result<ClientAnswer> HttpClient::get(const std::string& target, const GetLimits& limits) {
  state_->prepare(target);
  curl_easy_setopt(state_->curl, CURLOPT_TIMEOUT, static_cast<long>(limits.seconds_max));
  state_->prepare_to_give_up(limits.give_up);
  curl_slist* headers = nullptr;
  for (const std::string& header : state_->headers) headers = curl_slist_append(headers, header.c_str());
  curl_easy_setopt(state_->curl, CURLOPT_HTTPHEADER, headers);
  auto answer = state_->perform(limits.answer_bytes_max);
  curl_slist_free_all(headers);
  return answer;
}

Result<ClientAnswer> HttpClient::post(const std::string& target, std::string_view body, const std::string& content_type) {
  PostRequest request;
  request.body = body;
  request.content_type = content_type;
  return post(target, request);
}

Result<ClientAnswer> HttpClient::post(const std::string& target, const PostRequest& request) {
  state_->prepare(target);
  CURL* curl = state_->curl;
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(request.seconds_max));
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());  // null would read from stdin
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  state_->prepare_to_give_up(request.give_up);
  curl_slist* headers = curl_slist_append(nullptr, ("Content-Type: " + request.content_type).c_str());
  headers = curl_slist_append(headers, "Expect:");
  for (const std::string& header : state_->headers) headers = curl_slist_append(headers, header.c_str());
  for (const std::string& header : request.headers) headers = curl_slist_append(headers, header.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  auto answer = state_->perform(request.answer_bytes_max);
  curl_slist_free_all(headers);
  return answer;
}

Result<ClientAnswer> HttpClient::stream(const std::string& target, const std::function<bool(std::string_view)>& f) {
  state_->prepare(target);
  Stream stream{state_->curl, f, {}};
  curl_easy_setopt(state_->curl, CURLOPT_WRITEFUNCTION, &hand_on);
  curl_easy_setopt(state_->curl, CURLOPT_WRITEDATA, &stream);
  curl_easy_setopt(state_->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);  // heartbeats come every 15 seconds
  curl_easy_setopt(state_->curl, CURLOPT_LOW_SPEED_TIME, 60L);
  const CURLcode rc = curl_easy_perform(state_->curl);
  if (rc != CURLE_OK && rc != CURLE_WRITE_ERROR) return state_->failure(rc);
  state_->read_head(stream.answer);
  return std::move(stream.answer);
}

}  // namespace stele::net
