#include "http_protocol.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "options.h"

namespace stele::bench {
namespace {

constexpr std::size_t kHeadMax = 16'384;
constexpr std::size_t kBadKept = 600;

// The value of a header in an answer's head, empty if it is not there. `name` with its colon.
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    if (head.size() - at < name.size()) return {};
    if (::strncasecmp(head.data() + at, name.data(), name.size()) != 0) continue;
    std::string_view value = head.substr(at + name.size());
    value = value.substr(0, value.find("\r\n"));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data()) give_up("not a length in an HTTP answer: " + std::string(text));
  return value;
}

}  // namespace

HttpProtocol::HttpProtocol(std::string path, std::string content_type, std::string_view token, std::size_t connections,
                           Corpus& corpus)
    : request_head_("POST " + std::move(path) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + std::move(content_type) +
                    (token.empty() ? "" : "\r\nAuthorization: Bearer " + std::string(token)) + "\r\nContent-Length: "),
      corpus_(&corpus),
      states_(connections) {
  if (request_head_.size() > states_.front().head.size() - 32) give_up("--path or --token is too long");
  for (State& state : states_) std::memcpy(state.head.data(), request_head_.data(), request_head_.size());
}

void HttpProtocol::greet(std::size_t /*connection*/, int /*fd*/) {}

void HttpProtocol::expect_answer(std::size_t connection) {
  states_[connection].reading = Reading::kHead;
  states_[connection].line.clear();
}

Request ReplayedHttp::make(std::size_t connection) {
  expect_answer(connection);
  const Slice slice = replay_.next();
  Request request;
  request.events = slice.events;
  request.add(slice.bytes);
  return request;
}

Request HttpProtocol::make(std::size_t connection) {
  expect_answer(connection);
  State& state = states_[connection];
  const Slice slice = corpus_->next();
  char* length = state.head.data() + request_head_.size();
  char* end = std::to_chars(length, state.head.data() + state.head.size(), slice.bytes.size()).ptr;
  std::copy_n("\r\n\r\n", 4, end);
  Request request;
  request.events = slice.events;
  request.add({state.head.data(), static_cast<std::size_t>(end - state.head.data()) + 4});
  request.add(slice.bytes);
  return request;
}

// True once the head is complete and `bytes` stands at the body.
bool HttpProtocol::take_head(State& state, std::string_view& bytes) {
  const std::size_t before = state.line.size();
  state.line.append(bytes);
  const std::size_t end = state.line.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (state.line.size() > kHeadMax) give_up("the head of an HTTP answer does not end");
    return false;
  }
  const std::string_view head(state.line.data(), end + 2);
  bytes.remove_prefix(end + 4 - before);
  if (head.size() < 12 || !head.starts_with("HTTP/1.")) give_up("not an HTTP answer: " + std::string(head.substr(0, 80)));
  state.status = static_cast<int>(number(head.substr(9, 3), 10));
  if (header(head, "transfer-encoding:") == "chunked") {
    state.reading = Reading::kChunkLine;
  } else {
    state.reading = Reading::kBody;
    const std::string_view length = header(head, "content-length:");
    state.left = length.empty() ? 0 : number(length, 10);
  }
  state.line.clear();
  return true;
}

// True once the last chunk and the trailer are complete.
bool HttpProtocol::take_chunks(State& state, std::string_view& bytes) {
  while (!bytes.empty()) {
    if (state.reading == Reading::kChunkData) {
      const std::size_t taken = std::min(state.left, bytes.size());
      if (state.is_first_bad && bad_.size() < kBadKept) bad_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      state.left -= taken;
      if (state.left == 0) state.reading = Reading::kChunkEnd;
      continue;
    }
    const char letter = bytes.front();
    bytes.remove_prefix(1);
    if (letter == '\r') continue;
    if (letter != '\n') {
      state.line += letter;
      continue;
    }
    if (state.reading == Reading::kChunkEnd) {
      state.reading = Reading::kChunkLine;
    } else if (state.reading == Reading::kChunkLine) {
      state.left = number(state.line, 16);
      state.reading = state.left == 0 ? Reading::kTrailer : Reading::kChunkData;
    } else if (state.line.empty()) {
      return true;
    }
    state.line.clear();
  }
  return false;
}

Verdict HttpProtocol::judge(State& state) {
  if (state.status == 200 || state.status == 204) return Verdict::kStored;
  return state.status == 429 || state.status == 503 ? Verdict::kOverloaded : Verdict::kRefused;
}

Verdict HttpProtocol::take(std::size_t connection, std::string_view bytes) {
  State& state = states_[connection];
  if (state.reading == Reading::kHead) {
    if (!take_head(state, bytes)) return Verdict::kIncomplete;
    state.is_first_bad = state.status != 200 && state.status != 204 && bad_.empty();
    if (state.is_first_bad) bad_ = "HTTP " + std::to_string(state.status) + " ";
  }
  if (state.reading != Reading::kBody) return take_chunks(state, bytes) ? judge(state) : Verdict::kIncomplete;
  const std::size_t taken = std::min(state.left, bytes.size());
  if (state.is_first_bad && bad_.size() < kBadKept) bad_.append(bytes.substr(0, taken));
  state.left -= taken;
  return state.left == 0 ? judge(state) : Verdict::kIncomplete;
}

}  // namespace stele::bench
