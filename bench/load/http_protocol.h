// HTTP/1.1 POSTs of corpus slices over kept-alive connections.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "corpus.h"
#include "engine.h"
#include "replay.h"

namespace stele::bench {

// Understands answers with a Content-Length or chunked; bodies are skipped, only status lines are judged: 200 and 204 are stored,
// 429 and 503 are overload, everything else (also 207) is refused.
class HttpProtocol : public Protocol {
 public:
  // `path` with its query. `corpus` is cut into the batches that are sent. `token` is shown with each; empty: none is.
  HttpProtocol(std::string path, std::string content_type, std::string_view token, std::size_t connections, Corpus& corpus);

  void greet(std::size_t connection, int fd) override;
  Request make(std::size_t connection) override;
  Verdict take(std::size_t connection, std::string_view bytes) override;
  [[nodiscard]] std::string bad_answer() const override { return bad_; }

 protected:
  // For those who have requests of their own.
  explicit HttpProtocol(std::size_t connections) : states_(connections) {}
  // Before each request.
  void expect_answer(std::size_t connection);

 private:
  enum class Reading { kHead, kBody, kChunkLine, kChunkData, kChunkEnd, kTrailer };
  struct State {
    std::array<char, 512> head{};  // of the request
    std::string line;              // answer bytes that are not understood yet: the head, a chunk's line
    Reading reading = Reading::kHead;
    std::size_t left = 0;  // of the body, of the chunk
    int status = 0;
    bool is_first_bad = false;  // this answer's body is kept for a person to read
  };

  bool take_head(State& state, std::string_view& bytes);
  bool take_chunks(State& state, std::string_view& bytes);
  Verdict judge(State& state);

  std::string request_head_;  // all but the length and the empty line
  Corpus* corpus_ = nullptr;
  std::vector<State> states_;
  std::string bad_;
};

// Whole requests that were made beforehand, heads and all.
class ReplayedHttp final : public HttpProtocol {
 public:
  ReplayedHttp(std::size_t connections, Replay& replay) : HttpProtocol(connections), replay_(replay) {}
  Request make(std::size_t connection) override;

 private:
  Replay& replay_;
};

}  // namespace stele::bench
