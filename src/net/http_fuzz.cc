// A real connection of the HTTP server, fed with any bytes over a socket pair, on one thread and without a clock. Whatever
// comes: the connection ends when its client does, all that it says is HTTP, each request has its answer, a good request on a
// connection that was kept has its own, and how the bytes were cut up changes nothing about what is taken for a request.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_connection.h"

namespace {

using namespace stele::net;

constexpr std::size_t kInputBytesMax = 64U << 10;
constexpr std::string_view kMarker = "GET /marker?m=1 HTTP/1.1\r\nHost: a\r\n\r\n";

void require(bool holds) {
  if (!holds) std::abort();
}

HttpLimits limits() {
  HttpLimits limits;
  limits.body_bytes_max = 4096;
  limits.header_bytes_max = 1024;
  return limits;
}

// Three pieces, and then an end that is cut off.
class Pieces final : public ChunkSource {
 public:
  [[nodiscard]] stele::Result<std::string> next() override {
    if (left_-- > 0) return std::string(static_cast<std::size_t>(left_) + 1, 'p');
    return stele::Error{stele::Code::kIo, "no more"};
  }
  [[nodiscard]] std::string_view heartbeat() const override { return "beat"; }

 private:
  int left_ = 3;
};

bool is_streamed(const Request& request) { return request.path.starts_with("/pieces"); }

// What the handler saw of a request.
struct Seen {
  std::string method;
  std::string text;
  bool operator==(const Seen&) const = default;
};

struct Answer {
  int status = 0;
  bool closes = false;
  std::string body;
  bool operator==(const Answer&) const = default;
};

struct Outcome {
  std::vector<Seen> seen;
  std::vector<Answer> answers;
  bool kept = false;  // the connection waited for another request
};

// Nothing of a request may break out of the line that it stood in.
void check_request(const Request& request) {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  require(!request.method.empty() && request.method.find_first_of(kBreaks) == std::string::npos);
  require((request.path + request.query).find_first_of(kBreaks) == std::string::npos);
  require(request.path.find(' ') == std::string::npos);
  require(request.body.size() <= limits().body_bytes_max);
  for (const Header& header : request.headers)
    require((header.first + header.second).find_first_of(kBreaks) == std::string::npos);
}

// Asks for one piece of a body after the other until it is whole or fails.
void gather(const std::shared_ptr<BodyStream>& stream, std::string body, std::function<void(std::string, bool)> done) {
  stream->next([stream, body = std::move(body), done = std::move(done)](stele::Result<std::string> piece) mutable {
    if (!piece || piece->empty()) return done(std::move(body), piece.ok());
    gather(stream, body + *piece, std::move(done));
  });
}

class Session {
 public:
  Session() : state_(std::make_shared<HttpServer::State>(runtime(), handler(), limits())) {
    int pair[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    client_ = pair[0];
    state_->takes_stream = is_streamed;
    Socket socket(context(), asio::generic::stream_protocol(AF_UNIX, 0), pair[1]);
    connection_ =
        std::make_shared<HttpConnection>(std::move(socket), nullptr, Peer{"fuzz", true, std::nullopt, "", false}, state_);
    asio::co_spawn(context(), serve(connection_), [this](const std::exception_ptr& error) {
      require(error == nullptr);
      ended_ = true;
      connection_.reset();
    });
    pump();
  }
  ~Session() { ::close(client_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty() && !ended_) {
      const ssize_t n = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      pump();
    }
  }

  [[nodiscard]] bool waits() const { return !ended_ && connection_->doing == HttpConnection::Doing::kIdle; }

  // The client is done: so is the connection, and it holds nothing.
  Outcome end() {
    outcome_.kept = waits();
    ::shutdown(client_, SHUT_WR);
    pump();
    require(ended_ && state_->bodies_bytes == 0 && state_->under_way == 0 && state_->counters.connections == 0);
    read_answers();
    require(state_->counters.requests == outcome_.seen.size() && state_->counters.bad_requests <= 1);
    require(outcome_.answers.size() == state_->counters.requests + state_->counters.bad_requests);
    return std::move(outcome_);
  }

 private:
  static Runtime& runtime() {
    static Runtime idle(1);  // a connection only refers to it
    return idle;
  }
  static asio::io_context& context() {
    static asio::io_context one(1);
    return one;
  }

  Handler handler() {
    return [this](const Request& request, const Reply& reply) {
      check_request(request);
      require((request.stream != nullptr) == is_streamed(request));
      if (request.stream != nullptr) {
        const std::string head = request.path + "?" + request.query + "|";
        return gather(request.stream, {}, [this, method = request.method, head, reply](const std::string& body, bool whole) {
          outcome_.seen.push_back({method, head + body});
          Response response;
          response.status = whole ? 200 : 400;
          response.body = outcome_.seen.back().text;
          reply.send(std::move(response));
        });
      }
      outcome_.seen.push_back({request.method, request.path + "?" + request.query + "|" + request.body});
      if (request.path == "/never") return;
      Response response;
      if (request.path == "/stream")
        response.stream = std::make_shared<Pieces>();
      else
        response.body = outcome_.seen.back().text;
      if (request.path == "/later")
        reply.post([reply, response] { reply.send(response); });
      else
        reply.send(std::move(response));
    };
  }

  // Lets both sides go on until neither can.
  void pump() {
    for (bool more = true; more;) {
      context().restart();
      more = context().poll() > 0;
      char piece[65'536];
      for (ssize_t n = 0; (n = ::recv(client_, piece, sizeof piece, 0)) > 0; more = true)
        received_.append(piece, static_cast<std::size_t>(n));
    }
  }

  std::string_view take(std::string_view until) {
    const auto end = std::string_view(received_).find(until, at_);
    require(end != std::string_view::npos);
    const auto text = std::string_view(received_).substr(at_, end - at_);
    at_ = end + until.size();
    return text;
  }
  std::string_view take(std::size_t bytes) {
    require(received_.size() - at_ >= bytes);
    at_ += bytes;
    return std::string_view(received_).substr(at_ - bytes, bytes);
  }

  void read_answers() {
    while (at_ < received_.size()) {
      require(outcome_.answers.empty() || !outcome_.answers.back().closes);
      std::string_view line = take("\r\n");
      require(line.starts_with("HTTP/1.1 ") && line.size() > 13 && line[12] == ' ');
      Answer answer;
      answer.status = std::atoi(line.data() + 9);
      require(answer.status == 100 || (answer.status >= 200 && answer.status < 600));
      std::optional<std::size_t> length;
      bool date = false;
      bool chunked = false;
      while (!(line = take("\r\n")).empty()) {
        const auto colon = line.find(": ");
        require(colon != std::string_view::npos && line.find_first_of("\r\n") == std::string_view::npos);
        const auto name = line.substr(0, colon);
        date = date || name == "Date";
        chunked = chunked || name == "Transfer-Encoding";
        answer.closes = answer.closes || line == "Connection: close";
        require(name != "Content-Length" || !length);
        if (name == "Content-Length") length = std::strtoull(std::string(line.substr(colon + 2)).c_str(), nullptr, 10);
      }
      if (answer.status == 100) {
        require(!date && !length);
        continue;
      }
      require(date && (length ? !chunked : answer.closes));
      const std::size_t number = outcome_.answers.size();
      const bool head = number < outcome_.seen.size() && outcome_.seen[number].method == "HEAD";
      if (!head) answer.body = length ? take(*length) : take(received_.size() - at_);
      outcome_.answers.push_back(std::move(answer));
    }
  }

  Outcome outcome_;
  std::shared_ptr<HttpServer::State> state_;
  std::shared_ptr<HttpConnection> connection_;
  int client_ = -1;
  bool ended_ = false;
  std::string received_;
  std::size_t at_ = 0;
};

// One piece after another: small ones first, in lengths that the input itself chooses.
Outcome run_in_pieces(std::string_view input) {
  constexpr std::size_t kPiecesMax = 48;
  Session session;
  std::uint64_t random = 0x9e3779b97f4a7c15U + input.size();
  for (std::size_t i = 0; i < kPiecesMax && !input.empty(); ++i) {
    random = (random ^ static_cast<unsigned char>(input[0])) * 0x100000001b3U;
    const std::size_t take = std::min<std::size_t>(input.size(), 1 + (random >> 32) % (1 + input.size() / 8));
    session.send(input.substr(0, take));
    input.remove_prefix(take);
  }
  session.send(input);
  return session.end();
}

// Requests that leave no doubt where they end, with bodies made of the input: each is seen as it was meant.
void check_well_formed(std::string_view input) {
  constexpr std::size_t kRequestsMax = 8;
  std::string text;
  std::vector<Seen> meant;
  while (meant.size() < kRequestsMax && !input.empty()) {
    const auto first = static_cast<unsigned char>(input[0]);
    std::string_view body = input.substr(1, first);
    input.remove_prefix(1 + body.size());
    const std::string path = (first % 3 == 0 ? "/pieces/" : "/") + std::to_string(meant.size());
    meant.push_back({"POST", path + "?|" + std::string(body)});
    text += "POST " + path + " HTTP/1.1\r\nHost: a\r\n";
    if (first % 2 == 0) {
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
      continue;
    }
    text += "Transfer-Encoding: chunked\r\n\r\n";
    for (const std::size_t each = 1 + first % 15; !body.empty(); body.remove_prefix(std::min(each, body.size()))) {
      text += "0123456789abcdef"[std::min(each, body.size())];
      text += "\r\n" + std::string(body.substr(0, each)) + "\r\n";
    }
    text += "0\r\n\r\n";
  }
  const Outcome outcome = run_in_pieces(text);
  require(outcome.seen == meant && outcome.answers.size() == meant.size() && outcome.kept);
  for (const Answer& answer : outcome.answers) require(answer.status == 200 && !answer.closes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, kInputBytesMax));
  check_well_formed(input);
  Session session;
  session.send(input);
  const bool kept = session.waits();
  if (kept) session.send(kMarker);
  Outcome whole = session.end();
  if (kept) {
    require(whole.seen.back() == Seen{"GET", "/marker?m=1|"} && whole.answers.back() == Answer{200, false, "/marker?m=1|"});
    whole.seen.pop_back();
    whole.answers.pop_back();
  } else {
    require(!whole.kept);
  }
  Outcome pieces = run_in_pieces(input);
  // A head that is wrong and not all there may be refused, or waited for.
  whole.answers.resize(std::min(whole.answers.size(), whole.seen.size()));
  pieces.answers.resize(std::min(pieces.answers.size(), pieces.seen.size()));
  require(pieces.seen == whole.seen && pieces.answers == whole.answers && pieces.kept == kept);
  return 0;
}
