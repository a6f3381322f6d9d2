// POST /upload: systemd's journal as systemd-journal-upload sends it, in the journal export format, for as long as it goes on.
// Entries are stored as they come, and the answer is given when all are. The client believes nothing before that answer and
// sends everything since the last one again after any failure: an entry that came before is known by its cursor.
#include <algorithm>

#include "api/delivery_request.h"
#include "api/refusal.h"
#include "api/responses.h"
#include "api/service.h"
#include "api/use.h"
#include "base/json_text.h"
#include "collect/journal_event.h"
#include "collect/journal_export.h"

namespace stele::api {
namespace {

constexpr std::string_view kKind = "journal-upload";
constexpr std::int64_t kRetryMillis = 200;     // between tries while the log takes nothing
constexpr std::size_t kBatchEntries = 4096;    // in one submission
constexpr std::size_t kBatchBytes = 4U << 20;  // of what was sent
constexpr std::size_t kCursorBytesMax = 1024;

// One request on its way, kept by what it waits for. Only on the connection's thread.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  Upload(Service& service, log::Sequencer& log, event::Source source, std::shared_ptr<net::BodyStream> body, net::Reply reply)
      : service_(service),
        log_(log),
        source_(std::move(source)),
        body_(std::move(body)),
        reply_(std::move(reply)),
        arrived_(service.clock.monotonic()) {
    ++service_.counters.uploads;
  }
  ~Upload() { --service_.counters.uploads; }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void read() {
    body_->next([self = shared_from_this()](Result<std::string> piece) { self->take(std::move(piece)); });
  }

 private:
  void take(Result<std::string> piece) {
    if (!piece) return refuse(piece.error());
    if (piece->empty()) return finish();
    reader_.push(std::move(*piece));
    store();
  }

  // What the client is told once the body is whole. An entry that is not is none; the client has it still.
  void finish() {
    if (reader_.within_entry()) return refuse(invalid("the body ends within an entry; what came before it is stored"));
    service_.counters.acknowledge.record(service_.clock.monotonic() - arrived_);
    reply_.send(json_response(200, "{\"stored\":" + std::to_string(stored_) + ",\"quarantined\":" + std::to_string(quarantined_) +
                                       ",\"repeated\":" + std::to_string(repeated_) + "}\n"));
  }

  // That the body was damaged is written down before the client hears of it; how many entries it held is not known. All other
  // errors pass: the client comes again.
  void refuse(const Error& error) {
    if (error.code != Code::kInvalid) return reply_.send(error_response(error));
    note_refusal(log_, refused_event(source_.id, 0, 1, error.message, service_.clock.now()), reply_,
                 [self = shared_from_this(), error](const Status& noted) {
                   self->reply_.send(error_response(noted ? error : noted.error()));
                 });
  }

  // Stores what is whole of what was read, batch by batch, and reads on.
  void store() {
    std::size_t bytes = 0;
    while (!failure_ && entries_.size() < kBatchEntries && bytes < kBatchBytes) {
      auto next = reader_.next();
      if (!next) {
        failure_ = next.error();
      } else if (*next) {
        bytes += (*next)->entry.bytes().size();
        entries_.push_back(*std::move(*next));
      } else {
        break;
      }
    }
    if (!entries_.empty()) return submit();
    if (failure_) return refuse(*failure_);
    read();
  }

  void submit() {
    collect::DoorBatch batch(source_, service_.understanding, service_.clock.now());
    batch.set_strict(service_.is_strict(log_, source_.id));
    for (const collect::JournalExportEntry& one : entries_) add(one, batch);
    const std::uint64_t quarantined = batch.quarantined();
    log_.submit(std::move(batch).take(), false, [self = shared_from_this(), quarantined](Result<log::Delivered> result) {
      // Back to the connection's thread: the log's own has better to do. std::function copies its captures.
      auto shared = std::make_shared<Result<log::Delivered>>(std::move(result));
      self->reply_.post([self, shared, quarantined] { self->settle(*shared, quarantined); });
    });
  }

  static void add(const collect::JournalExportEntry& one, collect::DoorBatch& batch) {
    const std::string_view cursor = one.entry.find("__CURSOR");
    const bool names = cursor.size() <= kCursorBytesMax && is_utf8(cursor) && one.fault != "id_conflict";
    collect::Sender sender;
    if (names) sender.id = cursor;
    batch.set_sender(std::move(sender));
    if (!one.fault.empty()) return batch.quarantine(one.fault, one.entry.bytes(), one.length);
    normalise::Draft& draft = batch.draft();
    collect::journal_event(one.entry, batch.now(), draft, batch.record());
    batch.add(one.entry.bytes(), false);
  }

  // While the log takes nothing the client waits: it is sent to no more than it is read from. It would drop its connection and
  // begin anew for any other answer.
  void settle(const Result<log::Delivered>& result, std::uint64_t quarantined) {
    if (!result) {
      if (body_->draining()) return reply_.send(error_response(result.error()));
      return body_->after(kRetryMillis, [self = shared_from_this()] { self->submit(); });
    }
    // A cursor that stands for something else kept it out: it is stored as quarantined.
    std::vector<collect::JournalExportEntry> kept_out;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      repeated_ += result->placed[i].repeated && !result->placed[i].error ? 1U : 0U;
      if (!result->placed[i].error) continue;
      kept_out.push_back(std::move(entries_[i]));
      kept_out.back().fault = "id_conflict";
    }
    const std::uint64_t stored = entries_.size() - kept_out.size();
    stored_ += stored;
    quarantined_ += quarantined;
    service_.counters.events_stored += stored;
    service_.counters.events_quarantined += quarantined;
    entries_ = std::move(kept_out);
    store();
  }

  Service& service_;
  log::Sequencer& log_;
  event::Source source_;
  std::shared_ptr<net::BodyStream> body_;
  net::Reply reply_;
  std::int64_t arrived_;
  collect::JournalExportReader reader_;
  std::vector<collect::JournalExportEntry> entries_;  // read, and not in the log yet
  std::optional<Error> failure_;                      // of the format: there is nothing to be read behind it
  std::uint64_t stored_ = 0;
  std::uint64_t quarantined_ = 0;  // of these
  std::uint64_t repeated_ = 0;     // of these, there before
};

net::Response refusal(int status, const Error& error) {
  net::Response response = error_response(error);
  response.status = status;
  return response;
}

void upload(Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  constexpr int kUnsupportedMediaType = 415;
  const auto turn_away = [&](const Error& error) {
    note_if_refused(*service.recorder, request, &call.identity, error);
    reply.send(error_response(error));
  };
  const auto log = service.find(call, request.parameter("log").value_or("main"));
  if (!log) return turn_away(log.error());
  auto source = source_of(request, call, kKind, kKind);
  if (!source) return turn_away(source.error());
  const std::string_view type = request.header("content-type");
  if (!type.starts_with("application/vnd.fdo.journal")) {
    return reply.send(refusal(kUnsupportedMediaType, invalid("the content type here is application/vnd.fdo.journal")));
  }
  if (!request.header("content-encoding").empty())
    return reply.send(refusal(kUnsupportedMediaType, invalid("no content coding is known here")));
  if (service.counters.uploads >= service.limits.uploads_max)
    return reply.send(error_response({Code::kBusy, "too many uploads are under way"}));
  if (request.stream == nullptr) return reply.send(error_response({Code::kInternal, "the body came without its stream"}));
  std::make_shared<Upload>(service, **log, std::move(*source), request.stream, reply)->read();  // shared by what it waits for
}

}  // namespace

void add_journal_routes(Router& router, Service& service) {
  router.add({"POST", "/upload", access::Permission::kWrite, audit::OnRecord::by_itself(),
              [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
                upload(service, request, call, reply);
              },
              Gate::kIdentity, true});
}

}  // namespace stele::api
