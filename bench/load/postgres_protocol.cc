#include "postgres_protocol.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "options.h"

namespace stele::bench {
namespace {

void put_u32(char* out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}

std::uint32_t get_u32(const char* in) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(in[i]);
  return value;
}

void append_u32(std::string& out, std::uint32_t value) {
  char buffer[4];
  put_u32(buffer, value);
  out.append(buffer, sizeof buffer);
}

void append_text(std::string& out, std::string_view text) {
  out += text;
  out += '\0';
}

// A message: its type, its length (which counts itself), its body.
std::string message(std::string_view type, const std::string& body) {
  std::string out(type);
  append_u32(out, static_cast<std::uint32_t>(body.size() + 4));
  return out + body;
}

// What follows the parameter of Bind (no result formats), then Execute of the unnamed portal without limit, then Sync.
constexpr char kTail[] =
    "\0\0"
    "E\0\0\0\x09\0\0\0\0\0"
    "S\0\0\0\x04";
constexpr std::string_view kBehindParameter(kTail, sizeof kTail - 1);

// Bind's body up to the parameter: unnamed portal, statement "s", no formats (text), one parameter, its length.
constexpr std::size_t kBindHead = 1 + 4 + 1 + 2 + 2 + 2 + 4;

void send_all(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) give_up_errno("cannot write to PostgreSQL");
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

}  // namespace

PostgresProtocol::PostgresProtocol(std::string user, std::string database, std::string statement, std::size_t connections,
                                   Corpus& corpus)
    : user_(std::move(user)),
      database_(std::move(database)),
      statement_(std::move(statement)),
      corpus_(corpus),
      states_(connections) {}

void PostgresProtocol::greet(std::size_t connection, int fd) {
  State& state = states_[connection];
  std::string body;
  append_u32(body, 3U << 16U);
  for (const std::string& word : {std::string("user"), user_, std::string("database"), database_}) append_text(body, word);
  append_text(body, "");
  send_all(fd, message("", body));
  wait_until_ready(state, fd);

  body.clear();
  append_text(body, "s");
  append_text(body, statement_);
  body.append("\0\1", 2);
  append_u32(body, 25);  // the type `text`
  send_all(fd, message("P", body) + message("S", ""));
  wait_until_ready(state, fd);

  std::memset(state.head.data(), 0, state.head.size());
  state.head[0] = 'B';
  state.head[6] = 's';
  state.head[11] = 1;
}

Request PostgresProtocol::make(std::size_t connection) {
  State& state = states_[connection];
  state.failed = false;
  const Slice slice = corpus_.next();
  const auto length = static_cast<std::uint32_t>(slice.bytes.size());
  put_u32(state.head.data() + 1, static_cast<std::uint32_t>(kBindHead) - 1 + length + 2);
  put_u32(state.head.data() + 12, length);
  Request request;
  request.events = slice.events;
  request.add({state.head.data(), kBindHead});
  request.add(slice.bytes);
  request.add(kBehindParameter);
  return request;
}

bool PostgresProtocol::take_messages(State& state) {
  std::string_view left = state.received;
  bool ready = false;
  while (left.size() >= 5) {
    const std::size_t length = std::size_t{get_u32(left.data() + 1)} + 1;
    if (left.size() < length) break;
    const char type = left.front();
    if (type == 'R' && get_u32(left.data() + 5) != 0) give_up("PostgreSQL wants a password; trust authentication is needed");
    if (type == 'E') {
      state.failed = true;
      if (bad_.empty()) {
        bad_ = "PostgreSQL:";
        for (const char letter : left.substr(5, length - 5)) bad_ += letter == '\0' ? ' ' : letter;
      }
    }
    ready = ready || type == 'Z';
    left.remove_prefix(length);
  }
  state.received.erase(0, state.received.size() - left.size());
  return ready;
}

void PostgresProtocol::wait_until_ready(State& state, int fd) {
  char buffer[4096];
  do {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) give_up("PostgreSQL closed the connection. " + bad_);
    state.received.append(buffer, static_cast<std::size_t>(n));
  } while (!take_messages(state));
  if (state.failed) give_up(bad_);
}

Verdict PostgresProtocol::take(std::size_t connection, std::string_view bytes) {
  State& state = states_[connection];
  state.received.append(bytes);
  if (!take_messages(state)) return Verdict::kIncomplete;
  return state.failed ? Verdict::kRefused : Verdict::kStored;
}

}  // namespace stele::bench
