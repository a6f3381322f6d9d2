#include "cli/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/os_error.h"
#include "cli/json.h"
#include "cli/logging.h"
#include "net/socket_path.h"
#include "server/data_dir.h"
#include "server/master_key_source.h"

namespace stele::cli {
namespace {

constexpr auto kOpenPatience = std::chrono::seconds(10);  // while another process opens or closes the directory

server::DataLayout layout_of(const std::string& data) {
  server::Config config;
  config.data = data;
  return server::DataLayout(config);
}

// Whether a server listens on the control socket. A socket that this user may not use is an error.
Result<bool> is_live(const std::string& path) {
  const net::SocketPath place(path);
  const sockaddr_un address = place.address();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return os_error("cannot make a socket");
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int number = errno;
  ::close(fd);
  if (rc == 0 || number == EAGAIN) return true;
  if (number == EACCES || number == EPERM) return Error{Code::kDenied, "may not use " + path + ": it belongs to another user"};
  return false;
}

bool is_data_dir(const std::string& data) { return io::posix().exists(layout_of(data).version_file()); }

Error no_data_dir(const std::string& data, Reach reach) {
  struct stat st {};
  const bool exists = ::stat(data.c_str(), &st) == 0;
  const std::string what = !exists                ? "there is no directory " + data
                           : !S_ISDIR(st.st_mode) ? data + " is no directory"
                           : is_data_dir(data)    ? "no server runs on " + data
                                                  : "no server runs on " + data + ", and it is no data directory";
  const std::string otherwise = reach == Reach::kLive && exists ? "" : ", or say where the log is with --data DIR or --url URL";
  return {Code::kNotFound, what + ": start one with `stele serve --data " + data + "`" + otherwise};
}

// While it lives, new threads leave SIGINT and SIGTERM to the main one.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_{};
};

Code code_of(int status) {
  switch (status) {
    case 400: return Code::kInvalid;
    case 401: return Code::kUnauthenticated;
    case 403: return Code::kDenied;
    case 404: return Code::kNotFound;
    case 413: return Code::kTooLarge;
    case 429: return Code::kBusy;
    case 502:
    case 503:
    case 504: return Code::kUnavailable;
    default: return Code::kInternal;
  }
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Where& where, Reach reach) {
  if (where.approval.find_first_not_of("0123456789abcdef") != std::string::npos)
    return invalid("--approval is the id of an approval, not \"" + where.approval + "\"");
  STELE_ASSIGN(auto connection, open_without_approval(where, reach));
  if (!where.approval.empty()) connection->http_->add_header("Stele-Approval: " + where.approval);
  return connection;
}

Result<std::unique_ptr<Connection>> Connection::open_without_approval(const Where& where, Reach reach) {
  std::unique_ptr<Connection> connection(new Connection());
  if (!where.url.empty()) {
    std::string url = where.url;
    while (url.ends_with('/')) url.pop_back();
    const net::Trust trust = trust_of(where.trust);
    const bool has_trust = !trust.ca_file.empty() || !trust.pin.empty();
    if (url.find("://") == std::string::npos) url = (has_trust ? "https://" : "http://") + url;
    if (!url.starts_with("http://") && !url.starts_with("https://"))
      return invalid("--url is like http://127.0.0.1:7373, not \"" + where.url + "\"");
    STELE_TRY(check_trust(where.trust, url));
    connection->name_ = url;
    connection->http_ = std::make_unique<net::HttpClient>(url);
    connection->http_->set_token(environment_token());
    connection->http_->set_trust(trust);
    return connection;
  }
  const char* variable = std::getenv("STELE_DATA");
  connection->data_ = !where.data.empty() ? where.data : variable != nullptr && *variable != '\0' ? variable : "stele-data";
  while (connection->data_.size() > 1 && connection->data_.ends_with('/')) connection->data_.pop_back();
  connection->name_ = connection->data_;
  connection->reach_ = reach;
  STELE_TRY(connection->open_data());
  return connection;
}

Connection::~Connection() {
  http_.reset();
  own_.reset();
}

void Connection::use_socket() {
  const auto layout = layout_of(data_);
  const auto doors = io::read_file(io::posix(), layout.address_file(), 65'536);
  lent_ = !own_ && (!doors || doors->empty());
  http_ = std::make_unique<net::HttpClient>("http://stele", layout.control_socket());
}

std::string Connection::url() const {
  if (data_.empty()) return name_;
  const auto doors = io::read_file(io::posix(), layout_of(data_).address_file(), 65'536);
  if (!doors || doors->empty()) return {};
  const auto tls = doors->find("https://");
  const std::string_view line = std::string_view(*doors).substr(tls == std::string::npos ? 0 : tls);
  return (tls == std::string::npos ? "http://" : "") + std::string(line.substr(0, line.find('\n')));
}

Status Connection::open_data() {
  const auto deadline = std::chrono::steady_clock::now() + kOpenPatience;
  for (;;) {
    STELE_ASSIGN(const bool live, is_live(layout_of(data_).control_socket()));
    if (live) {
      use_socket();
      return {};
    }
    if (reach_ == Reach::kLive || (reach_ == Reach::kRead && !is_data_dir(data_))) return no_data_dir(data_, reach_);
    Status started = start_own();
    if (started.ok() || started.error().code != Code::kBusy || std::chrono::steady_clock::now() > deadline) return started;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Status Connection::start_own() {
  quieten_server();
  server::Config config;
  STELE_TRY(server::read_config_environment([](const std::string& name) { return std::getenv(name.c_str()); }, config));
  config.of_command = true;
  config.data = data_;
  config.listen.clear();
  config.listen_tls.clear();
  config.syslog.clear();
  config.syslog_tls.clear();
  config.relp.clear();
  config.relp_tls.clear();
  config.otlp_grpc.clear();
  config.otlp_grpc_tls.clear();
  // A command lives for moments: who is told of what, and what is looked after, is left to the server.
  config.notify_webhook.clear();
  config.notify_mail_to.clear();
  config.disk_warn_percent = 0;
  config.watch_sources = false;
  config.verify_hours = 0;
  config.index = reach_ == Reach::kRead;
  is_new_ = !is_data_dir(data_);
  const SignalsHeld held;
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT(performance-no-int-to-ptr): a peer that hangs up must not end the server
  ::signal(SIGXFSZ, SIG_IGN);  // NOLINT(performance-no-int-to-ptr): nor a file over the limit
  STELE_ASSIGN(keyring::MasterKeys masters, server::read_master_keys(config.master_key, config.data));
  STELE_ASSIGN(own_, server::Server::start(config, std::move(masters)));
  use_socket();
  return {};
}

Status Connection::reopen() {
  if (data_.empty() || own_) return {};
  STELE_ASSIGN(const bool live, is_live(layout_of(data_).control_socket()));
  if (live) {
    use_socket();
    return {};
  }
  return lent_ ? start_own() : Status();
}

Result<std::string> Connection::get(const std::string& target) {
  auto answer = http_->get(target);
  const auto deadline = std::chrono::steady_clock::now() + kOpenPatience;
  while (!answer && lent_ && std::chrono::steady_clock::now() < deadline) {
    STELE_TRY(open_data());
    answer = http_->get(target);
  }
  if (!answer) {
    if (!data_.empty()) return answer.error();
    return unavailable(answer.error().message + "; start a server with `stele serve`, or name its directory with --data DIR");
  }
  if (answer->status != 200) return answer_error(*answer, name_);
  return std::move(answer->body);
}

Result<std::string> origin_of(Connection& connection, const std::string& log) {
  auto key = connection.get("/log/" + url_encode(log) + "/key");  // whoever may write may see it
  if (!key && key.error().code == Code::kNotFound)
    return Error{Code::kNotFound, "there is no log \"" + log + "\" at " + connection.name()};
  if (!key) return key.error();
  return key->substr(0, key->find('+'));
}

Error answer_error(const net::ClientAnswer& answer, const std::string& name) {
  event::JsonTape tape;
  if (parse_json(answer.body, tape)) {
    const JsonValue message = JsonValue(tape)["error"]["message"];
    if (message) return {code_of(answer.status), message.text()};
    if (const std::string id = JsonValue(tape)["approval"].text(); answer.status == 202 && !id.empty()) {
      return {Code::kDenied, "a second person is to approve this first: stele approval give " + id +
                                 "; then the same command again, with --approval " + id};
    }
  }
  return {Code::kInternal, fmt::format("{} answers {} without saying why: is it a Stele server?", name, answer.status)};
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace stele::cli
