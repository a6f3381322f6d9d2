#include "server/server.h"

#include <spdlog/spdlog.h>

#include "api/service.h"
#include "collect/cloudevents_door.h"
#include "collect/document_door.h"
#include "collect/github_door.h"
#include "collect/otlp_door.h"
#include "collect/records_door.h"
#include "collect/rules.h"
#include "collect/syslog_door.h"
#include "crypto/random.h"
#include "io/file.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "net/stream_server.h"
#include "notify/notifier.h"
#include "search/indexer.h"
#include "search/pool.h"
#include "server/data_dir.h"
#include "server/notify_config.h"
#include "server/upkeep.h"
#include "sources/watch.h"

namespace stele::server {
namespace {

constexpr const char* kMainLog = "main";

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
  limits.request_seconds = static_cast<std::int64_t>(config.request_seconds);
  limits.idle_seconds = static_cast<std::int64_t>(config.idle_seconds);
  return limits;
}

net::TlsFiles tls_files(const Config& config) { return {config.tls_certificate, config.tls_key, config.tls_client_ca}; }

collect::SyslogOptions syslog_options(const Config& config, const sources::Registry& registry) {
  collect::SyslogOptions options;
  options.source = config.syslog_source;
  options.message_bytes_max = config.syslog_message_bytes;
  const sources::Registered* registered = registry.find(config.syslog_source);
  options.strict = registered != nullptr && registered->attribution == sources::Attribution::kStrict;
  return options;
}

}  // namespace

// In the order of construction; destroyed in reverse.
struct Server::Parts {
  explicit Parts(const Config& c) : config(c), layout(c), router(access::Authority(c.allow_remote)) {}

  Config config;
  DataLayout layout;
  std::unique_ptr<io::Lock> lock;
  std::unique_ptr<normalise::Ruleset> rules;
  std::unique_ptr<apart::Keeper> keeper;
  std::unique_ptr<collect::Understanding> understanding;
  std::unique_ptr<log::Sequencer> log;
  std::unique_ptr<search::Indexer> indexer;  // none where nothing is searched
  std::unique_ptr<search::Pool> searches;
  people::Directory people;
  sentence::Sentences sentences;
  std::unique_ptr<sources::Watch> watch;
  std::unique_ptr<notify::Notifier> notifier;  // none without destinations
  std::unique_ptr<Upkeep> upkeep;
  std::unique_ptr<api::Service> service;
  api::Router router;
  std::unique_ptr<net::Runtime> runtime;  // ends what still refers to the ones above
  std::unique_ptr<collect::SyslogDoor> syslog;
  std::unique_ptr<net::StreamServer> streams;
  std::unique_ptr<net::HttpServer> http;
  std::vector<std::unique_ptr<net::GrpcServer>> grpc;
  std::vector<std::string> addresses;
  std::vector<std::string> syslog_addresses;
  bool drained = false;

  Status open();
  Status add_doors();
  Status open_syslog();
  Status open_http();
  Status open_grpc();
  Status open_index();
  Status open_notifier();
  void tell_of_stop(const std::optional<Error>& why);
  // What was said of the log last.
  struct Said {
    bool stopped = false;
    std::size_t damage = 0;  // sentences of it
  };
  Status read_people();
  Status read_sentences();
  Status open_watch();
  void watch_log(Said said);
  void append_metrics(std::string& out) const;
};

Status Server::Parts::open() {
  io::FileSystem& fs = io::posix();
  STELE_ASSIGN(lock, lock_data_dir(fs, layout));
  STELE_ASSIGN(normalise::Ruleset loaded, collect::load_rules(fs, config.rules));
  rules = std::make_unique<normalise::Ruleset>(std::move(loaded));
  keeper = std::make_unique<apart::Keeper>(keeper_options(config), crypto::system_random());
  understanding = std::unique_ptr<collect::Understanding>(new collect::Understanding{*rules, *keeper});
  STELE_ASSIGN(log, open_log(fs, config, kMainLog, system_clock(), crypto::system_random()));
  const auto store = log->store();
  spdlog::info("log {} open: {} entries, {} sealed, origin {}", kMainLog, store->size(), store->sealed_size(),
               store->identity().origin);

  STELE_TRY(open_index());
  STELE_TRY(open_notifier());  // before anything is written that it must tell of
  STELE_TRY(read_people());
  STELE_TRY(read_sentences());
  STELE_TRY(open_watch());
  std::map<std::string, search::Indexer*> indexers;
  if (indexer) indexers.emplace(kMainLog, indexer.get());
  runtime = std::make_unique<net::Runtime>(static_cast<unsigned>(config.threads));
  service = std::unique_ptr<api::Service>(new api::Service{{{kMainLog, log.get()}},
                                                           {{kMainLog, watch.get()}},
                                                           std::move(indexers),
                                                           searches.get(),
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
  service->more_metrics = [this](std::string& out) { append_metrics(out); };
  api::add_routes(router, *service);
  STELE_TRY(open_syslog());
  STELE_TRY(open_grpc());
  upkeep = std::make_unique<Upkeep>(
      *log, UpkeepOptions{layout.root, kMainLog, layout.upkeep_file(), config.disk_warn_percent, config.verify_hours},
      system_clock());
  STELE_TRY(open_http());  // last: it writes down the address, by which others know that the server is there
  watch_log({});
  return {};
}

Status Server::Parts::open_index() {
  constexpr std::size_t kWaitingMax = 256;
  searches = std::make_unique<search::Pool>(static_cast<unsigned>(config.searches), kWaitingMax);
  if (!config.index) return {};
  search::IndexerOptions options;
  options.dir = layout.index_dir(kMainLog);
  options.say = [](const std::string& what) { spdlog::warn("{}", what); };
  STELE_ASSIGN(indexer, search::Indexer::start(io::posix(), *log, std::move(options)));
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

Status Server::Parts::open_watch() {
  sources::Registry registry;
  if (!config.sources.empty()) {
    STELE_ASSIGN(const std::string yaml, io::read_file(io::posix(), config.sources, sources::kRegistryBytesMax));
    STELE_ASSIGN(registry, sources::Registry::parse(yaml, config.sources));
  }
  sources::WatchOptions options;
  options.ledger_file = layout.ledger_file(kMainLog);
  options.report = config.watch_sources;
  if (config.watch_clock) options.clock = &io::clock_discipline;
  watch = std::make_unique<sources::Watch>(*log, io::posix(), std::move(registry), system_clock(), std::move(options));
  return {};
}

// Says in the server's own log when a log stops taking events, when it takes them again, and when damage was found.
void Server::Parts::watch_log(Said said) {
  constexpr std::int64_t kMillis = 500;
  runtime->after(kMillis, [this, said] {
    const auto why = log->stopped();
    if (why && !said.stopped) spdlog::error("log {}: {}", kMainLog, why->message);
    if (why.has_value() != said.stopped) tell_of_stop(why);
    if (!why && said.stopped) spdlog::info("log {} takes events again, from entry {} on", kMainLog, log->store()->size());
    const log::Damage damage = log->store()->damage();
    for (std::size_t i = said.damage; i < damage.sentences.size(); ++i)
      spdlog::error("log {}: {}", kMainLog, damage.sentences[i]);
    watch_log({why.has_value(), damage.sentences.size()});
  });
}

Status Server::Parts::open_notifier() {
  STELE_ASSIGN(auto destinations, make_destinations(config, system_clock()));
  if (destinations.empty()) return {};
  for (const auto& one : destinations) spdlog::info("notifications go to {} ({})", one->name(), one->place());
  constexpr std::int64_t kMinute = 60'000'000'000;
  notify::NotifierOptions options;
  options.state_file = layout.notify_file();
  options.quiet = static_cast<std::int64_t>(config.notify_quiet_minutes) * kMinute;
  options.say = [](notify::NotifierOptions::Level level, const std::string& what) {
    using Level = notify::NotifierOptions::Level;
    spdlog::log(level == Level::kError     ? spdlog::level::err
                : level == Level::kWarning ? spdlog::level::warn
                                           : spdlog::level::info,
                "{}", what);
  };
  STELE_ASSIGN(notifier, notify::Notifier::start(io::posix(), *log, std::move(destinations), std::move(options), system_clock()));
  return {};
}

// A log that takes no events can hold no entry about it: this goes out from memory.
void Server::Parts::tell_of_stop(const std::optional<Error>& why) {
  if (!notifier || !config.notify_log_stopped) return;
  notify::Notice notice;
  notice.kind = why ? "log.stopped" : "log.resumed";
  notice.severity = why ? "critical" : "notice";
  notice.subject_type = "log";
  notice.subject = kMainLog;
  notice.message = why ? "The log takes no events: " + why->message : "The log takes events again.";
  notice.time = system_clock().now();
  notice.log = log->store()->identity().origin;
  notice.id = notify::notice_id(notice);
  notifier->tell(notice);
}

// The protocols that share the native port.
Status Server::Parts::add_doors() {
  service->doors.push_back(collect::make_otlp_door());
  service->doors.push_back(collect::make_cloudevents_door());
  service->doors.push_back(collect::make_records_door());
  for (auto& door : collect::make_document_doors()) service->doors.push_back(std::move(door));
  if (config.github_secret_file.empty()) return {};
  constexpr std::uint64_t kSecretBytesMax = 4096;
  STELE_ASSIGN(std::string secret, io::read_file(io::posix(), config.github_secret_file, kSecretBytesMax));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return invalid(config.github_secret_file + " is empty; it holds the secret of GitHub's webhooks");
  service->doors.push_back(collect::make_github_door(std::move(secret)));
  return {};
}

Status Server::Parts::open_syslog() {
  syslog = std::make_unique<collect::SyslogDoor>(*log, *runtime, system_clock(), *understanding,
                                                 syslog_options(config, watch->registry()));
  streams = std::make_unique<net::StreamServer>(*runtime, static_cast<std::uint32_t>(config.connections));
  for (const std::string& address : config.syslog) {
    STELE_ASSIGN(const std::string tcp, streams->listen_tcp(address, syslog->sinks("syslog-tcp")));
    // The same port for both, also when the kernel chose it.
    STELE_ASSIGN(const std::string udp, streams->listen_udp(tcp, syslog->datagrams()));
    spdlog::info("syslog on {} (TCP and UDP)", udp);
    syslog_addresses.push_back(udp);
  }
  const net::TlsFiles files = tls_files(config);
  for (const std::string& address : config.syslog_tls) {
    STELE_ASSIGN(const std::string bound, streams->listen_tls(address, files, syslog->sinks("syslog-tls")));
    spdlog::info("syslog over TLS on {}", bound);
    syslog_addresses.push_back(bound);
  }
  for (const std::string& address : config.relp) {
    STELE_ASSIGN(const std::string bound, streams->listen_tcp(address, syslog->relp_sinks("syslog-relp")));
    spdlog::info("RELP on {}", bound);
  }
  for (const std::string& address : config.relp_tls) {
    STELE_ASSIGN(const std::string bound, streams->listen_tls(address, files, syslog->relp_sinks("syslog-relp-tls")));
    spdlog::info("RELP over TLS on {}", bound);
  }
  return {};
}

Status Server::Parts::open_http() {
  http = std::make_unique<net::HttpServer>(
      *runtime, [this](const net::Request& request, const net::Reply& reply) { router.handle(request, reply); },
      http_limits(config), [this](const net::Request& request) { return router.takes_stream(request); });
  STELE_TRY(http->listen_unix(layout.control_socket()));
  std::string lines;
  for (const std::string& address : config.listen) {
    STELE_ASSIGN(addresses.emplace_back(), http->listen(address));
    spdlog::info("HTTP on {}", addresses.back());
    lines += addresses.back() + "\n";
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
        *runtime, [this](const net::Request& request, const net::Reply& reply) { router.handle(request, reply); },
        std::vector<net::GrpcMethod>{{kExport, "/v1/logs", "application/x-protobuf"}}, grpc_limits(config));
  };
  for (const std::string& address : config.otlp_grpc) {
    grpc.push_back(make());
    STELE_ASSIGN(const std::string bound, grpc.back()->listen(address));
    spdlog::info("OTLP/gRPC on {}", bound);
  }
  for (const std::string& address : config.otlp_grpc_tls) {
    grpc.push_back(make());
    STELE_ASSIGN(const std::string bound, grpc.back()->listen_tls(address, tls_files(config)));
    spdlog::info("OTLP/gRPC over TLS on {}", bound);
  }
  return {};
}

void Server::Parts::append_metrics(std::string& out) const {
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
  };
  one("stele_http_connections", "gauge", "Open HTTP connections.", http->counters().connections);
  one("stele_http_requests_total", "counter", "HTTP requests.", http->counters().requests);
  one("stele_http_refused_total", "counter", "HTTP connections over the limit.", http->counters().refused);
  one("stele_http_bad_requests_total", "counter", "Requests that were not HTTP or over a limit.", http->counters().bad_requests);
  one("stele_syslog_connections", "gauge", "Open syslog connections.", streams->counters().connections);
  one("stele_syslog_refused_total", "counter", "Syslog connections over the limit or with a failed handshake.",
      streams->counters().refused);
  one("stele_syslog_bytes_total", "counter", "Bytes received by the syslog door.", streams->counters().bytes);
  one("stele_syslog_messages_total", "counter", "Syslog messages stored.", syslog->counters().messages);
  one("stele_syslog_quarantined_total", "counter", "Of them, quarantined.", syslog->counters().quarantined);
  one("stele_syslog_retries_total", "counter", "Batches that the log did not take at once.", syslog->counters().retries);
  if (indexer) {
    const search::IndexerStatus status = indexer->status();
    one("stele_index_entries", "gauge", "Entries that are indexed.", status.covered);
    one("stele_index_files", "gauge", "Files of the index.", status.files);
    one("stele_index_bytes", "gauge", "Bytes of these files.", status.file_bytes);
    one("stele_index_damaged_total", "counter", "Index files that were found damaged and made again.", status.damaged);
  }
  upkeep->append_metrics(out);
  if (notifier) notifier->append_metrics(out);
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { drain(); }

Result<std::unique_ptr<Server>> Server::start(const Config& config) {
  STELE_TRY(check_config(config));
  auto parts = std::make_unique<Parts>(config);
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
  if (!parts_->addresses.empty()) (void)io::posix().remove(parts_->layout.address_file());
  if (parts_->http) parts_->http->drain(millis);
  for (const auto& grpc : parts_->grpc) grpc->drain(millis);
  if (parts_->streams) parts_->streams->drain(millis);
  if (parts_->watch) parts_->watch->stop();
  if (parts_->searches) parts_->searches->drain();
  if (parts_->indexer) parts_->indexer->drain();
  if (parts_->upkeep) parts_->upkeep->drain();
  if (parts_->notifier) parts_->notifier->drain();
  if (parts_->log) parts_->log->drain();
  if (parts_->runtime) parts_->runtime->stop();
  if (parts_->log) spdlog::info("stopped with {} entries", parts_->log->store()->size());
}

}  // namespace stele::server
