// What the handlers work on, handed in by the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/approvals.h"
#include "api/router.h"
#include "api/stream_slots.h"
#include "audit/configuration_book.h"
#include "audit/grant_book.h"
#include "base/clock.h"
#include "base/metrics_text.h"
#include "collect/http_door.h"
#include "event/json_tape.h"
#include "log/names.h"
#include "log/sequencer.h"
#include "login/credentials.h"
#include "login/desk.h"
#include "login/fair_pool.h"
#include "login/sessions.h"
#include "oidc/login.h"
#include "people/directory.h"
#include "search/indexer.h"
#include "search/pool.h"
#include "sentence/sentences.h"
#include "sources/watch.h"

namespace stele::api {

struct ApiLimits {
  std::uint64_t body_bytes_max = 64U << 20;  // once decompressed
  std::size_t events_max = 50'000;           // in one request
  event::JsonLimits event;
  std::uint64_t read_entries_max = 1'000;  // in one answer
  std::uint64_t streams_max = 256;
  std::uint64_t uploads_max = 1'024;
  std::int64_t search_seconds = 60;  // then a search is ended
};

struct ApiCounters {
  std::atomic<std::uint64_t> events_stored{0};
  std::atomic<std::uint64_t> events_refused{0};
  std::atomic<std::uint64_t> events_without_origin{0};
  std::atomic<std::uint64_t> events_quarantined{0};
  std::atomic<std::uint64_t> uploads{0};  // under way
  Histogram acknowledge;                  // from a request's arrival to its answer
};

// A log, and what is built on it.
struct LogParts {
  log::Sequencer* log = nullptr;
  const sources::Watch* watch = nullptr;  // over its sources
  search::Indexer* indexer = nullptr;     // none where nothing is searched
};

// How people come in.
struct LoginParts {
  login::CredentialBook* credentials = nullptr;
  login::Desk* desk = nullptr;
  login::Sessions* sessions = nullptr;
  login::FairPool* pool = nullptr;           // whose threads wait for passwords
  oidc::Login* provider = nullptr;           // the company's; none where none is named
  login::FairPool* provider_pool = nullptr;  // whose threads wait for it
};

// Does `work` on the threads where passwords and their file take their time; answers where too many wait.
void at_the_desk(const LoginParts& login, const login::Flow& flow, const net::Reply& reply, std::function<void()> work);
// The same with what is on record already, and so is not refused for room.
void back_at_the_desk(const LoginParts& login, const net::Reply& reply, std::function<void()> work);

// Lives longer than the router that uses it.
struct Service {
  std::map<std::string, LogParts, log::LogOrder> logs;
  search::Pool* searches = nullptr;
  audit::GrantBook* grants = nullptr;
  audit::ConfigurationBook* configuration = nullptr;
  audit::Recorder* recorder = nullptr;
  access::Approvals* approvals = nullptr;
  LoginParts login;
  const Clock& clock;
  collect::Understanding understanding;
  const people::Directory& directory;
  const sentence::Sentences& sentences;
  ApiLimits limits;
  std::int64_t started = 0;
  std::vector<std::unique_ptr<collect::HttpDoor>> doors;
  // Further samples for /metrics, from the doors and the server, of the logs that the identity may know of.
  std::function<void(MetricsText&, const access::Identity&)> more_metrics;
  ApiCounters counters;
  StreamSlots streams;

  // The only ways to a log. kNotFound when there is no such log, or none that whoever asks may know of.
  [[nodiscard]] Result<LogParts> parts_of(const Call& call, const std::string& name) const;
  [[nodiscard]] Result<log::Sequencer*> find(const Call& call, const std::string& name) const;
  // Whether what whoever asked was given holds still, and his session, if it is by one that he asks, has not ended.
  [[nodiscard]] bool still_holds(const access::Identity& identity) const;
  // Whether the owner of that source wants nothing taken that cannot be attributed.
  [[nodiscard]] bool is_strict(const log::Sequencer& log, std::string_view source) const;
};

// All that the server answers.
void add_routes(Router& router, Service& service);
// One function a resource adds its routes.
void add_event_routes(Router& router, Service& service);          // /api/v1/events
void add_door_routes(Router& router, Service& service);           // of other protocols, each at its own path
void add_journal_routes(Router& router, Service& service);        // /upload, of systemd-journal-upload
void add_search_routes(Router& router, Service& service);         // /api/v1/search
void add_timeline_routes(Router& router, Service& service);       // /api/v1/timeline
void add_index_routes(Router& router, Service& service);          // /api/v1/index
void add_aggregate_routes(Router& router, Service& service);      // /api/v1/aggregate
void add_sql_routes(Router& router, Service& service);            // /api/v1/sql
void add_stream_routes(Router& router, Service& service);         // /api/v1/stream
void add_coverage_routes(Router& router, Service& service);       // /api/v1/coverage
void add_account_routes(Router& router, Service& service);        // /api/v1/accounts
void add_apart_routes(Router& router, Service& service);          // values that are kept apart
void add_log_routes(Router& router, Service& service);            // /log/{log}/…
void add_token_routes(Router& router, Service& service);          // /api/v1/tokens
void add_user_routes(Router& router, Service& service);           // /api/v1/users
void add_configuration_routes(Router& router, Service& service);  // /api/v1/configuration
void add_approval_routes(Router& router, Service& service);       // /api/v1/approvals
void add_role_routes(Router& router, Service& service);           // /api/v1/roles
void add_login_routes(Router& router, Service& service);          // /api/v1/login, /logout, /join, /session
void add_provider_routes(Router& router, Service& service);       // /api/v1/login/ways, /api/v1/oidc/…
void add_session_routes(Router& router, Service& service);        // /api/v1/sessions/end
void add_page_routes(Router& router, Service& service);           // /login and what it is made of
void add_operation_routes(Router& router, Service& service);      // /healthz, /readyz, /metrics, /api/v1/status, schema

// The receipt of a delivery as JSON (docs/formats/receipt.md).
void append_receipt(std::string& out, const std::string& origin, const log::Delivered& delivered);

}  // namespace stele::api
