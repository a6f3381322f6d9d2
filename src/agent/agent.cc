#include "agent/agent.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agent/audit_stream.h"
#include "agent/file_stream.h"
#include "agent/journal_stream.h"
#include "agent/socket_stream.h"
#include "base/threads.h"

namespace stele::agent {
namespace {

constexpr std::int64_t kDrainMillis = 5'000;

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(const Config& config, io::FileSystem& fs, const Clock& clock, Random& random) {
  std::unique_ptr<Agent> agent(new Agent);
  std::vector<std::string> notes;
  STELE_ASSIGN(agent->spool_, Spool::open(fs, random, {config.spool, config.host, config.spool_bytes}, notes));
  const Speaker speaker{config.host, ::getpid()};
  ShipperOptions sending;
  sending.url = config.url;
  sending.trust = {config.ca_file, config.pin};
  sending.token = config.token;
  sending.source = config.source;
  sending.log = config.log;
  sending.compress = config.compress;
  sending.refused_dir = config.spool + "/refused";
  agent->shipper_ = std::make_unique<Shipper>(*agent->spool_, fs, clock, speaker, sending);
  CollectorOptions collecting;
  collecting.heartbeat_seconds = static_cast<std::int64_t>(config.heartbeat_seconds);
  collecting.trouble = [shipper = agent->shipper_.get()] { return shipper->state().trouble; };
  agent->collector_ = std::make_unique<Collector>(*agent->spool_, clock, speaker, collecting);
  Notice started{"started", "info", "success", "the agent starts", {}};
  started.attributes = {text_attribute("version", STELE_VERSION), text_attribute("sequence", agent->spool_->sequence().name),
                        number_attribute("spool_records", agent->spool_->waiting().records)};
  agent->collector_->tell(std::move(started));
  for (const std::string& note : notes) agent->collector_->tell({"spool_damaged", "error", "failure", note, {}});
  STELE_TRY(agent->add_streams(config));
  return agent;
}

Status Agent::add_streams(const Config& config) {
  if (config.journal) {
    STELE_ASSIGN(const JournalLibrary* library, journal_library());
    words_.push_back("the journal" + (config.journal_directory.empty() ? "" : " in " + config.journal_directory));
    collector_->add(std::make_unique<JournalStream>(*library, config.journal_directory, spool_->positions()));
  }
  std::vector<std::string> before;
  for (const FileConfig& file : config.files) {
    FileOptions options;
    options.pattern = file.path;
    options.format = file.format.empty() ? format_of_path(file.path) : file.format;
    options.from_end = file.from_end;
    options.optional = file.optional;
    options.except = before;
    before.push_back(file.path);
    words_.push_back(options.pattern + " (" + options.format + ")");
    collector_->add(std::make_unique<FileStream>(std::move(options), spool_->positions()));
  }
  if (!config.audit_socket.empty()) {
    words_.push_back("audit events from " + config.audit_socket);
    collector_->add(std::make_unique<AuditSocketStream>(config.audit_socket));
  }
  for (const SocketConfig& socket : config.sockets) {
    STELE_ASSIGN(auto stream, SocketStream::open(socket));
    words_.push_back("what programs write to " + socket.path);
    collector_->add(std::move(stream));
  }
  return {};
}

Status Agent::run(int stop_fd) {
  sending_ = std::thread([this] {
    name_this_thread("stele-ship");
    shipper_->run();
  });
  Status kept = collector_->run(stop_fd);
  spdlog::info("stopping");
  shipper_->drain(kDrainMillis);
  sending_.join();
  return kept;
}

Agent::~Agent() = default;

}  // namespace stele::agent
