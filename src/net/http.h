// Requests, answers, and how an answer finds its way back. No library shows through.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/peer.h"

namespace stele::net {

using Header = std::pair<std::string, std::string>;

// RFC 3986 section 2.1, and '+' for a space, as queries have it. What is no such escape stays as it is.
std::string percent_decode(std::string_view text);

// The body of a request that is taken as it comes, for as long as it goes on. Nothing of it is read before it is asked for, so
// that whoever asks slowly is sent to slowly. From any thread.
class BodyStream {
 public:
  using Got = std::function<void(Result<std::string>)>;

  virtual ~BodyStream() = default;
  // Calls `got` once, on the connection's thread, with what comes next, of some 256 KiB at most; with nothing once the body is
  // whole. kInvalid: it is not in the transfer coding of its head. kUnavailable: the peer is gone or was silent for too long, or
  // the server drains. From then on the same comes again. One call at a time, none after the answer, and no answer meanwhile.
  virtual void next(Got got) = 0;
  // Calls `f` on the connection's thread after `millis`, unless the runtime ends before.
  virtual void after(std::int64_t millis, std::function<void()> f) = 0;
  // Whether the server drains: it waits for the answer, and not for long.
  [[nodiscard]] virtual bool draining() const = 0;
};

struct Request {
  std::string method;
  std::string path;   // as sent, up to the '?'
  std::string query;  // as sent, after it
  std::vector<Header> headers;
  std::string body;
  std::shared_ptr<BodyStream> stream;  // instead of the body, where the server takes it so; shared by the handler's callbacks
  Peer peer;

  // The first header of that name, any case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  // The query's parameters, percent-decoded, as they come.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters() const;
  // The first query parameter of that name, percent-decoded; nothing when absent.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// The body of an answer that has no end yet. Called on the connection's thread; must not block.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  // What is there now; empty: nothing yet. An error ends the answer.
  [[nodiscard]] virtual Result<std::string> next() = 0;
  // Sent when nothing came for a while, to keep the connection open.
  [[nodiscard]] virtual std::string_view heartbeat() const = 0;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  // besides Content-Length, Date and Connection
  std::string body;
  std::shared_ptr<ChunkSource> stream;  // instead of a body; shared with the connection that sends it
};

std::string_view status_text(int status);

// What is sent when a handler lets go of its reply.
Response no_answer();

// The way back for one answer. Copyable; the first send() counts. When the last copy goes without one, 500 is sent.
class Reply {
 public:
  // How the answer gets to whoever asked; the connection of each protocol has its own. Destroyed with the last copy.
  struct State {
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    virtual ~State() = default;
    virtual void send(Response response) = 0;
    virtual void post(std::function<void()> f) = 0;
    [[nodiscard]] virtual bool is_given_up() const { return false; }
  };
  explicit Reply(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // From any thread.
  void send(Response response) const;
  // Whether whoever asked has closed the connection, as far as that is known: of GET and POST without a body that streams. From
  // any thread.
  [[nodiscard]] bool is_given_up() const { return state_->is_given_up(); }
  // Runs `f` on the connection's thread: for work that should not stay where the news arrived.
  void post(std::function<void()> f) const;

 private:
  std::shared_ptr<State> state_;  // shared by the handler's callbacks and the connection
};

// Called on the connection's thread; must not block for long.
using Handler = std::function<void(Request, Reply)>;

}  // namespace stele::net
