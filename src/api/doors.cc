// The doors of other protocols: find the log, decompress, decode, hand over, answer.
#include "api/delivery_request.h"
#include "api/refusal.h"
#include "api/service.h"
#include "api/use.h"
#include "collect/http_door.h"

namespace stele::api {
namespace {

// One request on its way, kept until it is answered.
class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  Delivery(Service& service, const collect::HttpDoor& door, const net::Request& request, net::Reply reply)
      : service_(service), door_(door), reply_(std::move(reply)), arrived_(service.clock.monotonic()) {
    asked_.method = request.method;
    asked_.path = request.path;
    asked_.peer = request.peer;
    asked_.headers = request.headers;
    asked_.query = request.query;
  }

  void take(const net::Request& request, const Call& call) {
    if (!door_.proves_itself()) asks_ = call.identity;
    const auto sequencer = service_.find(call, request.parameter("log").value_or("main"));
    if (!sequencer) return refuse(before_proof(sequencer.error()));
    auto source = source_of(request, call, door_.kind(), door_.kind());
    if (!source) return refuse(before_proof(source.error()));
    log_ = *sequencer;
    source_ = std::move(*source);
    // A stranger has nothing decompressed.
    if (door_.proves_itself() && !request.header("content-encoding").empty())
      return refuse({Code::kUnauthenticated, "what is signed comes as it was signed, not compressed"});
    std::string decoded;
    const auto body = plain_body(request, service_.limits.body_bytes_max, decoded);
    if (!body) return note_and_refuse(before_proof(body.error()));
    collect::DoorBatch batch(source_, service_.understanding, service_.clock.now());
    batch.set_strict(service_.is_strict(*log_, source_.id));
    if (const Status read = door_.decode(request, *body, batch); !read) return note_and_refuse(read.error());
    submit(std::move(batch));
  }

 private:
  // Of what is not proven yet nothing is told, and nothing noted in the log it is for.
  [[nodiscard]] Error before_proof(const Error& error) const {
    if (!door_.proves_itself()) return error;
    return {Code::kUnauthenticated, error.message};
  }

  // What passes comes again, and whoever may not deliver received nothing and fills nothing. Of the others it is not known how
  // many events there were; that there was something is.
  void note_and_refuse(const Error& error) {
    if (error.code != Code::kInvalid && error.code != Code::kTooLarge) return refuse(error);
    note_refusal(*log_, refused_event(source_.id, 0, 1, error.message, service_.clock.now()), reply_,
                 [self = shared_from_this(), error](const Status& noted) { self->refuse(noted ? error : noted.error()); });
  }

  void refuse(const Error& error) {
    const bool unproven = error.code == Code::kUnauthenticated;
    note_if_refused(*service_.recorder, asked_, asks_ ? &*asks_ : nullptr, error);
    // Why is on record; an answer that said it would say what there is.
    net::Response response =
        door_.refused(asked_, unproven ? Error{error.code, "the request is not signed as it has to be"} : error);
    if (response.status == 429) response.headers.emplace_back("Retry-After", "1");
    if (response.status == 503) response.headers.emplace_back("Retry-After", "5");
    reply_.send(std::move(response));
  }

  void submit(collect::DoorBatch batch) {
    if (batch.count() == 0) return answer();
    stored_.count += batch.count();
    stored_.quarantined += batch.quarantined();
    sent_ = batch.take_sent();
    auto settle = [self = shared_from_this()](Result<log::Delivered> result) {
      // Back to the connection's thread: the log's own has better to do. std::function copies its captures.
      auto shared = std::make_shared<Result<log::Delivered>>(std::move(result));
      self->reply_.post([self, shared] { self->settle(*shared); });
    };
    if (std::exchange(is_stored_, true))
      log_->submit_note(std::move(batch).take(), std::move(settle));
    else
      log_->submit(std::move(batch).take(), false, std::move(settle));
  }

  // What an id that stands for something else kept out is not lost: it is stored as quarantined. And a number under which
  // something came that is there under another one is no gap: an entry says so.
  void settle(const Result<log::Delivered>& result) {
    if (!result) return refuse(result.error());
    collect::DoorBatch kept_out(source_, service_.understanding, service_.clock.now());
    for (std::size_t i = 0; i < result->placed.size(); ++i) {
      if (result->placed[i].error) {
        kept_out.set_sender(std::move(sent_[i].sender));
        kept_out.quarantine("id_conflict", sent_[i].original);
      }
      if (result->placed[i].renumbered && sent_[i].sender.seq) {
        kept_out.set_sender(std::move(sent_[i].sender));
        kept_out.note_repeat(result->placed[i].index);
      }
      stored_.repeated += result->placed[i].repeated && !result->placed[i].error ? 1U : 0U;
    }
    stored_.count -= kept_out.count();
    submit(std::move(kept_out));
  }

  void answer() {
    service_.counters.events_stored += stored_.count;
    service_.counters.events_quarantined += stored_.quarantined;
    if (stored_.count > 0) service_.counters.acknowledge.record(service_.clock.monotonic() - arrived_);
    reply_.send(door_.stored(asked_, stored_));
  }

  Service& service_;
  const collect::HttpDoor& door_;
  net::Reply reply_;
  std::int64_t arrived_;
  net::Request asked_;                    // without its body
  std::optional<access::Identity> asks_;  // where it is known before the handler asks for a proof
  log::Sequencer* log_ = nullptr;
  event::Source source_;
  std::vector<collect::DoorBatch::Sent> sent_;
  bool is_stored_ = false;  // but for what its ids kept out
  collect::Stored stored_;
};

// Who sends what proves itself.
access::Identity signer_of(const collect::HttpDoor& door) {
  const std::string kind(door.kind());
  return {"signature:" + kind, kind, access::find_shipped_role("writer"), "", {}, {}, {}};
}

}  // namespace

void add_door_routes(Router& router, Service& service) {
  for (const auto& door : service.doors) {
    for (const std::string& path : door->paths()) {
      router.add({"POST", path, access::Permission::kWrite, audit::OnRecord::by_itself(),
                  [&service, &door = *door](const net::Request& request, Call call, const net::Reply& reply) {
                    if (door.proves_itself()) call.identity = signer_of(door);
                    std::make_shared<Delivery>(service, door, request, reply)->take(request, call);  // shared by its callbacks
                  },
                  door->proves_itself() ? Gate::kOwnProof : Gate::kIdentity});
    }
  }
}

}  // namespace stele::api
