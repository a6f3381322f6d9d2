// How a command reaches a log: over HTTP, over the control socket of a data directory's server, or, where none runs, by
// opening the directory itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"
#include "net/http_client.h"
#include "server/server.h"

namespace stele::cli {

enum class Reach {
  kRead,    // a server, else the data directory, which must be one already
  kAppend,  // a server, else the data directory, which may be a new one
  kLive,    // a running server only
};

class Connection {
 public:
  // Never creates anything but with kAppend. With --url nothing is sent yet. While another process opens or closes the
  // directory it waits some seconds.
  static Result<std::unique_ptr<Connection>> open(const Where& where, Reach reach);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // GET; again where another command that had the directory open was done in between. An answer other than 200 is an error with
  // the server's own sentence: kNotFound, kInvalid, kBusy, kDenied, kUnavailable (also: no answer), else kInternal.
  Result<std::string> get(const std::string& target);
  [[nodiscard]] net::HttpClient& http() { return *http_; }

  // Who answers, for people: a URL, or "DIR".
  [[nodiscard]] const std::string& name() const { return name_; }
  // Where a browser finds it, over TLS if it is there; empty where no server runs.
  [[nodiscard]] std::string url() const;
  // This process opened the directory: no server runs there.
  [[nodiscard]] bool is_own() const { return own_ != nullptr; }
  // And it was no data directory before.
  // What to say of the data directory where this made it; empty: it was there.
  [[nodiscard]] std::string novelty() const {
    return is_new_ ? "no server runs on " + name() + ": made a new data directory there" : "";
  }

  // After the connection was lost. If it was to another command that had the directory open, and is done, this process opens
  // the directory; a real server is left to come back.
  Status reopen();

 private:
  Connection() = default;
  static Result<std::unique_ptr<Connection>> open_without_approval(const Where& where, Reach reach);
  void use_socket();
  Status open_data();
  Status start_own();

  Reach reach_ = Reach::kRead;
  std::string name_;
  std::string data_;  // empty with --url
  bool is_new_ = false;
  bool lent_ = false;  // by another command, not by a server with doors
  std::unique_ptr<server::Server> own_;
  std::unique_ptr<net::HttpClient> http_;
};

// The origin of the log of that name. kNotFound when there is none.
Result<std::string> origin_of(Connection& connection, const std::string& log);

// What an answer other than 200 says, as an error that names who answered.
Error answer_error(const net::ClientAnswer& answer, const std::string& name);

// `text` as part of a query (RFC 3986).
std::string url_encode(std::string_view text);

}  // namespace stele::cli
