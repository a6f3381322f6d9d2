#include "server/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <future>

#include "api/service.h"
#include "audit/last_uses.h"
#include "collect/http_doors.h"
#include "collect/otlp_door.h"
#include "collect/rules.h"
#include "collect/syslog_door.h"
#include "crypto/random.h"
#include "io/file.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "net/stream_server.h"
#include "oidc/encoding.h"
#include "search/pool.h"
#include "server/data_dir.h"
#include "server/oidc_config.h"
#include "server/recorded_configuration.h"
#include "server/secret_file.h"
#include "server/served_log.h"
#include "server/tls.h"

namespace stele::server {
namespace {

net::HttpLimits http_limits(const Config& config) {
  net::HttpLimits limits;
  limits.body_bytes_max = config.body_bytes;
  limits.bodies_bytes_max = config.bodies_bytes;
  limits.header_bytes_max = static_cast<std::uint32_t>(config.header_bytes);
  limits.connections_max = static_cast<std::uint32_t>(config.connections);
  limits.idle_seconds = static_cast<std::int64_t>(config.idle_seconds);
  limits.request_seconds = static_cast<std::int64_t>(config.request_seconds);
  limits.upload_idle_seconds = static_cast<std::int64_t>(config.upload_idle_seconds);
  return limits;
}

api::ApiLimits api_limits(const Config& config) {
  api::ApiLimits limits;
  limits.body_bytes_max = config.decompressed_bytes;
  limits.events_max = config.batch_events;
  limits.event.bytes_max = config.event_bytes;
  limits.event.depth_max = static_cast<std::uint32_t>(config.event_depth);
  limits.read_entries_max = config.page_entries;
  limits.streams_max = config.streams;
  limits.uploads_max = config.uploads;
  limits.search_seconds = static_cast<std::int64_t>(config.search_seconds);
  return limits;
}

apart::KeeperOptions keeper_options(const Config& config) {
  return {config.seal_secrets ? &apart::shipped_secrets() : nullptr, config.attachment_bytes};
}

net::GrpcLimits grpc_limits(const Config& config) {
  net::GrpcLimits limits;
  limits.message_bytes_max = config.body_bytes;
  limits.held_bytes_max = config.bodies_bytes;
  limits.connections_max = static_cast<std::uint32_t>(config.connections);
  limits.request_seconds = static_cast<std::int64_t>(config.request_seconds);
  limits.idle_seconds = static_cast<std::int64_t>(config.idle_seconds);
  return limits;
}

// "stele.example.com:8443", of a URL that was checked.
std::string host_of(const std::string& url) {
  const std::string base = oidc::parse_url(url)->base;
  return base.substr(base.find("://") + 3);
}

collect::SyslogOptions syslog_options(const Config& config, const sources::Registry& registry) {
  collect::SyslogOptions options;
  options.source = config.syslog_source;
  options.message_bytes_max = config.syslog_message_bytes;
  const sources::Registered* registered = registry.find(config.syslog_source);
  options.strict = registered != nullptr && registered->attribution == sources::Attribution::kStrict;
  return options;
}

api::PublishedLogs published_logs(const Config& config) {
  api::PublishedLogs out;
  for (const std::string& one : config.publish) {
    const std::string what = one.substr(one.find('=') + 1);
    out[one.substr(0, one.find('='))] = what == "tiles"        ? api::Published::kTiles
                                        : what == "checkpoint" ? api::Published::kCheckpoint
                                                               : api::Published::kNone;
  }
  return out;
}

}  // namespace

// In the order of construction; destroyed in reverse.
struct Server::Parts {
  Parts(const Config& c, keyring::MasterKeys m) : config(c), masters(std::move(m)), layout(c) {}

  Config config;
  keyring::MasterKeys masters;
  DataLayout layout;
  std::unique_ptr<io::Lock> lock;
  std::shared_ptr<net::TlsIdentity> tls;  // null: no door is over TLS
  std::unique_ptr<normalise::Ruleset> rules;
  std::unique_ptr<apart::Keeper> keeper;
  std::unique_ptr<collect::Understanding> understanding;
  std::vector<std::unique_ptr<ServedLog>> logs;  // "main" first, "audit" last
  std::unique_ptr<audit::GrantBook> grants;      // kept in the log "audit"
  std::unique_ptr<audit::LastUses> last_uses;    // of them
  std::unique_ptr<audit::ConfigurationBook> configuration;
  std::unique_ptr<audit::Recorder> recorder;  // into it
  std::unique_ptr<access::Approvals> approvals;
  std::unique_ptr<login::CredentialBook> credentials;
  std::unique_ptr<login::Desk> desk;
  std::unique_ptr<login::Sessions> sessions;
  std::unique_ptr<login::FairPool> logins;
  std::unique_ptr<oidc::Login> provider;  // null: none is named
  std::unique_ptr<login::FairPool> provider_logins;
  std::unique_ptr<search::Pool> searches;
  people::Directory people;
  sentence::Sentences sentences;
  std::unique_ptr<api::Service> service;
  std::unique_ptr<api::Router> router;
  std::unique_ptr<net::Runtime> runtime;  // ends what still refers to the ones above
  std::unique_ptr<collect::SyslogDoor> syslog;
  std::unique_ptr<net::StreamServer> streams;
  std::unique_ptr<net::HttpServer> http;
  std::vector<std::unique_ptr<net::GrpcServer>> grpc;
  std::vector<std::string> addresses;
  std::vector<std::string> tls_addresses;
  std::vector<std::string> syslog_addresses;
  bool drained = false;
  std::int64_t last_uses_kept = 0;  // monotonic

  Status open();
  Status add_doors();
  Status open_syslog();
  Status open_http();
  Status open_grpc();
  Status open_logs();
  Status open_login();
  Status open_last_uses();
  Status record_start();
  void offer_setup();
  Status read_people();
  Status read_sentences();
  void watch_logs();
  void keep_last_uses();
  void watch_tls() const;
  void append_metrics(MetricsText& out, const access::Identity& identity) const;
  void append_server_metrics(MetricsText& out) const;
};

Status Server::Parts::open() {
  io::FileSystem& fs = io::posix();
  STELE_ASSIGN(lock, lock_data_dir(fs, layout));
  STELE_ASSIGN(tls, open_tls(fs, config, layout, system_clock()));
  STELE_ASSIGN(normalise::Ruleset loaded, collect::load_rules(fs, config.rules));
  rules = std::make_unique<normalise::Ruleset>(std::move(loaded));
  keeper = std::make_unique<apart::Keeper>(keeper_options(config), crypto::system_random());
  understanding = std::unique_ptr<collect::Understanding>(new collect::Understanding{*rules, *keeper});
  STELE_TRY(open_logs());
  STELE_ASSIGN(grants,
               audit::GrantBook::open(fs, layout.grants_file(), logs.back()->log(), system_clock(), crypto::system_random()));
  recorder = std::make_unique<audit::Recorder>(logs.back()->log(), system_clock());
  access::Permissions guarded;
  for (const std::string& act : config.second_person) guarded.add(access::find_permission(act).value());
  approvals = std::make_unique<access::Approvals>(guarded, system_clock(), crypto::system_random());
  STELE_TRY(record_start());
  STELE_TRY(open_login());
  STELE_TRY(read_people());
  STELE_TRY(read_sentences());
  constexpr std::size_t kWaitingMax = 256;
  searches = std::make_unique<search::Pool>(static_cast<unsigned>(config.searches), kWaitingMax);
  runtime = std::make_unique<net::Runtime>(static_cast<unsigned>(config.threads));
  decltype(api::Service::logs) parts;
  for (const auto& one : logs) parts.emplace(one->name(), api::LogParts{&one->log(), &one->watch(), one->indexer()});
  service = std::unique_ptr<api::Service>(
      new api::Service{std::move(parts),
                       searches.get(),
                       grants.get(),
                       configuration.get(),
                       recorder.get(),
                       approvals.get(),
                       {credentials.get(), desk.get(), sessions.get(), logins.get(), provider.get(), provider_logins.get()},
                       system_clock(),
                       *understanding,
                       people,
                       sentences,
                       api_limits(config),
                       system_clock().monotonic(),
                       {},
                       {},
                       {}});
  STELE_TRY(add_doors());
  service->more_metrics = [this](MetricsText& out, const access::Identity& identity) { append_metrics(out, identity); };
  router = std::make_unique<api::Router>(
      access::Authority(access::find_shipped_role(config.loopback_role), grants->grants(), system_clock()), *recorder);
  router->set_sessions(*sessions);
  router->set_public(published_logs(config), config.cors_origins);
  router->set_approvals(*approvals, grants->grants());
  if (!config.public_url.empty()) router->set_public_host(host_of(config.public_url));
  api::add_routes(*router, *service);
  STELE_TRY(open_syslog());
  STELE_TRY(open_grpc());
  for (const auto& one : logs) one->begin_upkeep(masters);
  STELE_TRY(open_http());  // last: it writes down the address, by which others know that the server is there
  offer_setup();
  watch_logs();
  return {};
}

// That it starts, and what of its configuration is another than last time, is durable before anybody is answered. Where the log
// takes nothing, as on a full disk, it starts all the same: without that nothing could be looked at.
Status Server::Parts::record_start() {
  STELE_ASSIGN(configuration, audit::ConfigurationBook::open(io::posix(), layout.configuration_file(), logs.back()->log()));
  if (config.of_command) return {};
  std::map<std::string, std::string> keys;
  for (const auto& one : logs) {
    keys.emplace("key_" + one->name(), one->log().store()->identity().key.text());
    if (const auto& ring = one->files().ring()) keys.emplace("master_key_" + one->name(), keyring::id_text(ring->master()));
  }
  STELE_ASSIGN(const auto files, read_named_files(io::posix(), config));
  const audit::Configuration now = recorded_configuration(config, files, keys);
  std::deque<std::promise<Status>> recorded;
  const auto told = [&recorded] { return [&one = recorded.emplace_back()](const Status& status) { one.set_value(status); }; };
  recorder->record(started_event(system_clock().now()), told());
  // Before the change that they belong to: where a kill comes between, the next start finds the difference again.
  for (const auto& event : file_events(files, configuration->last(), now, system_clock().now())) recorder->record(event, told());
  configuration->set(now, system_clock().now(), told());
  Status all;
  for (std::promise<Status>& one : recorded)
    if (Status status = one.get_future().get(); !status) all = std::move(status);
  if (!all) spdlog::error("the start is not on record: {}", all.error().message);
  return {};
}

// When somebody was here last is told, and nothing rests on it.
Status Server::Parts::open_last_uses() {
  LogFiles& files = logs.back()->files();
  last_uses = std::make_unique<audit::LastUses>(files.contents(), layout.last_uses_file(), grants->grants());
  STELE_TRY(last_uses->read());
  STELE_TRY(files.encrypt(layout.last_uses_file(), "{"));
  return {};
}

Status Server::Parts::open_login() {
  LogFiles& files = logs.back()->files();
  STELE_TRY(files.encrypt(layout.credentials_file(), "{"));
  STELE_ASSIGN(credentials,
               login::CredentialBook::open(files.contents(), layout.credentials_file(), system_clock(), crypto::system_random()));
  desk = std::make_unique<login::Desk>(*credentials, grants->grants(), system_clock(), crypto::system_random());
  sessions = std::make_unique<login::Sessions>(system_clock(), crypto::system_random());
  logins = std::make_unique<login::FairPool>(1);  // each takes 64 MiB
  std::vector<std::string> names;
  for (const auto& one : logs) names.push_back(one->name());
  STELE_ASSIGN(provider, make_oidc_login(config, names, grants->grants(), system_clock(), crypto::system_random()));
  constexpr unsigned kAtProvider = 4;  // each waits for the network alone
  provider_logins = std::make_unique<login::FairPool>(kAtProvider);
  if (const Status read = open_last_uses(); !read)
    spdlog::warn("when grants were used before is not known: {}", read.error().message);
  return {};
}

// While nobody has any access, nor a group that may give some, whoever reads what this server prints makes himself the first
// owner.
void Server::Parts::offer_setup() {
  if (!grants->grants().is_empty(system_clock().now())) return;
  if (provider && provider->gives(access::Permission::kGrant)) return;
  const bool is_tls = !tls_addresses.empty();
  if (!is_tls && addresses.empty()) return;
  spdlog::info("nobody has access yet. To make yourself the owner, open {}{}/login#setup={}", is_tls ? "https://" : "http://",
               is_tls ? tls_addresses.front() : addresses.front(), credentials->offer_setup());
  spdlog::info("or make a token for a program: stele token create --data {} --role owner --name NAME", config.data);
}

Status Server::Parts::open_logs() {
  sources::Registry registry;
  if (!config.sources.empty()) {
    STELE_ASSIGN(const std::string yaml, io::read_file(io::posix(), config.sources, sources::kRegistryBytesMax));
    STELE_ASSIGN(registry, sources::Registry::parse(yaml, config.sources));
  }
  STELE_ASSIGN(const auto names, log_names(io::posix(), config));
  for (const auto& [name, source] : registry.sources()) {
    if (std::ranges::find(names, source.log) == names.end())
      return invalid(config.sources + ": the source " + name + " is to send to the log " + source.log + ", which there is not");
  }
  for (const std::string& name : names) {
    STELE_ASSIGN(logs.emplace_back(), ServedLog::open(config, name, masters, registry));
  }
  return {};
}

Status Server::Parts::read_people() {
  if (config.people.empty()) return {};
  STELE_ASSIGN(const std::string yaml, io::read_file(io::posix(), config.people, people::kDirectoryBytesMax));
  STELE_ASSIGN(people, people::Directory::parse(yaml, config.people));
  return {};
}

Status Server::Parts::read_sentences() {
  if (config.sentences.empty()) return {};
  const auto names = io::posix().list(config.sentences);
  if (!names) return names.error().in("sentences");
  std::vector<sentence::TemplateFile> files;
  for (const std::string& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    const std::string path = config.sentences + "/" + name;
    STELE_ASSIGN(std::string yaml, io::read_file(io::posix(), path, sentence::kFileBytesMax));
    files.push_back({path, std::move(yaml)});
  }
  STELE_ASSIGN(sentences, sentence::Sentences::parse(files));
  return {};
}

void Server::Parts::watch_logs() {
  constexpr std::int64_t kMillis = 500;
  runtime->after(kMillis, [this] {
    for (const auto& one : logs) one->tell_changes();
    grants->keep();
    configuration->keep();
    recorder->gather();
    keep_last_uses();
    watch_tls();
    watch_logs();
  });
}

void Server::Parts::keep_last_uses() {
  constexpr std::int64_t kEvery = 60'000'000'000;
  const std::int64_t now = system_clock().monotonic();
  if (now < last_uses_kept + kEvery) return;
  last_uses_kept = now;
  const auto keep = [this] {  // it waits for the disk, which no loop must
    const Status kept = last_uses->keep();
    if (!kept) spdlog::warn("when grants were used last is not kept: {}", kept.error().message);
  };
  logins->submit({"last uses", true}, keep, [] {});
}

void Server::Parts::watch_tls() const {
  if (tls == nullptr) return;
  const Shown before = shown_by(*tls);
  const auto changed = tls->refresh();
  if (!changed) return spdlog::error("{}; the certificate from before is shown", changed.error().message);
  if (!*changed) return;
  spdlog::info("TLS: the files have changed: fingerprint {}, pin {}", tls->fingerprint(), tls->pin());
  recorder->note(certificate_changed(before, shown_by(*tls), system_clock().now()));
}

// The protocols that share the native port.
Status Server::Parts::add_doors() {
  std::optional<std::string> github_secret;
  if (!config.github_secret_file.empty()) {
    STELE_ASSIGN(github_secret, read_secret("github_secret_file", config.github_secret_file));
  }
  service->doors =
      collect::make_http_doors({github_secret, logs.front()->log().store()->apart().secret_for("ids of deliveries")});
  return {};
}

Status Server::Parts::open_syslog() {
  ServedLog& main = *logs.front();
  syslog = std::make_unique<collect::SyslogDoor>(main.log(), *runtime, system_clock(), *understanding,
                                                 syslog_options(config, main.watch().registry()));
  streams = std::make_unique<net::StreamServer>(*runtime, static_cast<std::uint32_t>(config.connections));
  for (const std::string& address : config.syslog) {
    STELE_ASSIGN(const std::string tcp, streams->listen_tcp(address, syslog->sinks("syslog-tcp")));
    // The same port for both, also when the kernel chose it.
    STELE_ASSIGN(const std::string udp, streams->listen_udp(tcp, syslog->datagrams()));
    spdlog::info("syslog on {} (TCP and UDP)", udp);
    syslog_addresses.push_back(udp);
  }
  for (const std::string& address : config.syslog_tls) {
    STELE_ASSIGN(const std::string bound, streams->listen_tls(address, tls, syslog->sinks("syslog-tls")));
    spdlog::info("syslog over TLS on {}", bound);
    syslog_addresses.push_back(bound);
  }
  for (const std::string& address : config.relp) {
    STELE_ASSIGN(const std::string bound, streams->listen_tcp(address, syslog->relp_sinks("syslog-relp")));
    spdlog::info("RELP on {}", bound);
  }
  for (const std::string& address : config.relp_tls) {
    STELE_ASSIGN(const std::string bound, streams->listen_tls(address, tls, syslog->relp_sinks("syslog-relp-tls")));
    spdlog::info("RELP over TLS on {}", bound);
  }
  return {};
}

Status Server::Parts::open_http() {
  STELE_ASSIGN(net::TrustedProxies proxies, net::TrustedProxies::parse(config.trusted_proxies));
  http = std::make_unique<net::HttpServer>(
      *runtime, [this](const net::Request& request, const net::Reply& reply) { router->handle(request, reply); },
      http_limits(config), [this](const net::Request& request) { return router->takes_stream(request); }, std::move(proxies));
  STELE_TRY(http->listen_unix(layout.control_socket()));
  std::string lines;
  for (const std::string& address : config.listen) {
    STELE_ASSIGN(addresses.emplace_back(), http->listen(address));
    spdlog::info("HTTP on {}", addresses.back());
    lines += addresses.back() + "\n";
  }
  for (const std::string& address : config.listen_tls) {
    STELE_ASSIGN(tls_addresses.emplace_back(), http->listen(address, tls));
    spdlog::info("HTTPS on {}", tls_addresses.back());
    lines += "https://" + tls_addresses.back() + "\n";
  }
  if (!lines.empty()) return io::write_file(io::posix(), layout.address_file(), lines, 0600);
  // Without doors there is no address, and one that was left by a kill is not ours.
  return io::posix().exists(layout.address_file()) ? io::posix().remove(layout.address_file()) : Status();
}

// OpenTelemetry over gRPC: the same door as over HTTP.
Status Server::Parts::open_grpc() {
  constexpr const char* kExport = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  const auto make = [&] {
    return std::make_unique<net::GrpcServer>(
        *runtime, [this](const net::Request& request, const net::Reply& reply) { router->handle(request, reply); },
        std::vector<net::GrpcMethod>{{kExport, "/v1/logs", "application/x-protobuf"}}, grpc_limits(config),
        [this](const net::Request& request) { return router->takes_stream(request); });
  };
  for (const std::string& address : config.otlp_grpc) {
    grpc.push_back(make());
    STELE_ASSIGN(const std::string bound, grpc.back()->listen(address));
    spdlog::info("OTLP/gRPC on {}", bound);
  }
  for (const std::string& address : config.otlp_grpc_tls) {
    grpc.push_back(make());
    STELE_ASSIGN(const std::string bound, grpc.back()->listen_tls(address, tls->files()));
    spdlog::info("OTLP/gRPC over TLS on {}", bound);
  }
  return {};
}

void Server::Parts::append_metrics(MetricsText& out, const access::Identity& identity) const {
  if (identity.logs.empty()) append_server_metrics(out);
  for (const auto& one : logs) {
    if (identity.knows(one->name(), access::Permission::kObserve)) one->append_metrics(out);
  }
}

void Server::Parts::append_server_metrics(MetricsText& out) const {
  out.gauge("stele_http_connections", "Open HTTP connections.", http->counters().connections);
  out.counter("stele_http_requests_total", "HTTP requests.", http->counters().requests);
  for (std::size_t digit = 2; digit < http->counters().answers.size(); ++digit) {
    out.counter("stele_http_answers_total", "Answers, by the first digit of their status.", http->counters().answers.at(digit),
                "class=\"" + std::to_string(digit) + "xx\"");
  }
  out.counter("stele_http_gave_way_total",
              "HTTP connections that were ended for others, while they waited or after their answer.", http->counters().gave_way);
  out.counter("stele_http_refused_total", "HTTP connections over the limit.", http->counters().refused);
  out.counter("stele_http_bad_requests_total", "Requests that were not HTTP or over a limit.", http->counters().bad_requests);
  out.gauge("stele_syslog_connections", "Open syslog connections.", streams->counters().connections);
  out.counter("stele_syslog_gave_way_total", "Syslog connections that were ended before they said anything, for others.",
              streams->counters().gave_way);
  out.counter("stele_syslog_refused_total", "Syslog connections over the limit.", streams->counters().refused);
  out.counter("stele_syslog_bad_handshakes_total", "Syslog connections with a failed handshake.",
              streams->counters().bad_handshakes);
  out.counter("stele_syslog_bytes_total", "Bytes received by the syslog door.", streams->counters().bytes);
  std::uint64_t connections = 0;
  std::uint64_t gave_way = 0;
  std::uint64_t refused = 0;
  for (const auto& one : grpc) {
    connections += one->counters().connections;
    gave_way += one->counters().gave_way;
    refused += one->counters().refused;
  }
  out.gauge("stele_grpc_connections", "Open gRPC connections.", connections);
  out.counter("stele_grpc_gave_way_total", "gRPC connections that were ended for others, while no call was under way.", gave_way);
  out.counter("stele_grpc_refused_total", "gRPC connections over the limit.", refused);
  out.counter("stele_syslog_messages_total", "Syslog messages stored.", syslog->counters().messages);
  out.counter("stele_syslog_quarantined_total", "Of them, quarantined.", syslog->counters().quarantined);
  out.counter("stele_syslog_retries_total", "Batches that the log did not take at once.", syslog->counters().retries);
  recorder->append_metrics(out);
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { drain(); }

Result<std::unique_ptr<Server>> Server::start(const Config& config, keyring::MasterKeys masters) {
  STELE_TRY(check_config(config));
  auto parts = std::make_unique<Parts>(config, std::move(masters));
  const Status opened = parts->open();
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  if (!opened) return opened.error();  // the destructor closes what is open
  return server;
}

const std::vector<std::string>& Server::addresses() const { return parts_->addresses; }
const std::vector<std::string>& Server::syslog_addresses() const { return parts_->syslog_addresses; }

void Server::drain() {
  if (parts_->drained) return;
  parts_->drained = true;
  const auto millis = static_cast<std::int64_t>(parts_->config.drain_seconds) * 1000;
  if (!parts_->addresses.empty() || !parts_->tls_addresses.empty()) (void)io::posix().remove(parts_->layout.address_file());
  if (parts_->provider) parts_->provider->stop();  // sessions end with the server: who would be let in now has nothing of it
  for (const auto* pool : {&parts_->logins, &parts_->provider_logins})  // before those are waited for who wait there
    if (*pool) (*pool)->drain();
  if (parts_->http) parts_->http->drain(millis);
  for (const auto& grpc : parts_->grpc) grpc->drain(millis);
  if (parts_->streams) parts_->streams->drain(millis);
  for (const auto& one : parts_->logs) one->stop_watch();
  if (parts_->searches) parts_->searches->drain();
  if (parts_->configuration && !parts_->config.of_command) parts_->recorder->note(stopped_event(system_clock().now()));
  if (parts_->recorder) parts_->recorder->close();
  for (const auto& one : parts_->logs) one->drain();
  if (parts_->grants) parts_->grants->close();
  if (parts_->last_uses) (void)parts_->last_uses->keep();
  if (parts_->configuration) parts_->configuration->close();
  if (parts_->runtime) parts_->runtime->stop();
  for (const auto& one : parts_->logs) spdlog::info("log {} closed with {} entries", one->name(), one->log().store()->size());
}

}  // namespace stele::server
