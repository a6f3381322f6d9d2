#include "collect/syslog_door.h"

#include <map>

#include "base/json_text.h"
#include "collect/quarantine.h"
#include "collect/relp_framer.h"
#include "collect/syslog_event.h"
#include "collect/syslog_framer.h"
#include "collect/syslog_message.h"

namespace stele::collect {

// What one peer sent, handed to the log batch by batch, each tried until the log takes it.
struct SyslogDoor::Delivery {
  event::Source source;
  std::vector<Message> messages;
  std::function<void()> resume;
  std::size_t next = 0;  // of the messages that the log has not
};

namespace {

constexpr std::size_t kBatchBytes = 4U << 20;  // of entries, as much as goes into one commit with others

}  // namespace

class SyslogSink final : public net::StreamSink {
 public:
  SyslogSink(SyslogDoor& door, event::Source source)
      : door_(door), source_(std::move(source)), framer_(door.options_.message_bytes_max) {}

  void on_bytes(std::string_view bytes, net::Resume resume) override {
    framer_.push(bytes);
    std::vector<SyslogDoor::Message> messages;
    while (const auto frame = framer_.next()) messages.push_back(message_of(*frame));
    door_.deliver(source_, std::move(messages), [resume = std::move(resume)] { resume({}); });
  }

  void on_end(std::function<void()> resume) override {
    std::vector<SyslogDoor::Message> messages;
    if (const auto frame = framer_.flush()) messages.push_back(message_of(*frame));
    door_.deliver(source_, std::move(messages), std::move(resume));
  }

 private:
  // A line that starts with its date looks like a bad octet count; it is a message all the same. So is one that the
  // end of the stream cut short: what came of it is kept.
  static SyslogDoor::Message message_of(const SyslogFrame& frame) {
    const bool whole = frame.kind != SyslogFrame::Kind::kOversized && frame.text.size() == frame.length;
    return {std::string(frame.text), whole ? "" : "oversized", frame.length};
  }

  SyslogDoor& door_;
  event::Source source_;
  SyslogFramer framer_;
};

// RELP: every message is answered once it is in the log, in the order in which they came.
class RelpSink final : public net::StreamSink {
 public:
  RelpSink(SyslogDoor& door, event::Source source)
      : door_(door), source_(std::move(source)), framer_(door.options_.message_bytes_max) {}

  void on_bytes(std::string_view bytes, net::Resume resume) override {
    framer_.push(bytes);
    std::vector<SyslogDoor::Message> messages;
    net::StreamAnswer answer;
    while (!answer.close) {
      const auto frame = framer_.next();
      if (!frame) {  // no RELP, or out of step: the client comes again
        answer.close = true;
        break;
      }
      if (!*frame) break;
      take(**frame, messages, answer);
    }
    door_.deliver(source_, std::move(messages), [resume = std::move(resume), answer = std::move(answer)] { resume(answer); });
  }

  void on_end(std::function<void()> resume) override { resume(); }  // what was not answered is sent again

 private:
  void take(const RelpFrame& frame, std::vector<SyslogDoor::Message>& messages, net::StreamAnswer& answer) {
    if (frame.command == "open") {
      opened_ = true;
      answer.bytes += relp_response(frame.number, relp_offers(frame.data));
    } else if (frame.command == "syslog" && opened_) {
      const bool whole = frame.data.size() == frame.length;
      messages.push_back({std::string(frame.data), whole ? "" : "oversized", frame.length});
      answer.bytes += relp_response(frame.number, "200 OK");
    } else if (frame.command == "close") {
      answer.bytes += relp_response(frame.number, "") + "0 serverclose 0\n";
      answer.close = true;
    } else {
      answer.bytes += relp_response(frame.number, "500 there is no such command here");
    }
  }

  SyslogDoor& door_;
  event::Source source_;
  RelpFramer framer_;
  bool opened_ = false;
};

net::SinkFactory SyslogDoor::relp_sinks(std::string kind) {
  return [this, kind = std::move(kind)](const net::Peer& peer) -> std::unique_ptr<net::StreamSink> {
    return std::make_unique<RelpSink>(*this, event::Source{options_.source, kind, peer.address, ""});
  };
}

net::SinkFactory SyslogDoor::sinks(std::string kind) {
  return [this, kind = std::move(kind)](const net::Peer& peer) -> std::unique_ptr<net::StreamSink> {
    return std::make_unique<SyslogSink>(*this, event::Source{options_.source, kind, peer.address, ""});
  };
}

net::DatagramHandler SyslogDoor::datagrams() {
  return [this](std::span<const net::Datagram> datagrams, std::function<void()> resume) {
    // A batch has one source: group by peer, in order of arrival within each.
    std::map<std::string, std::vector<Message>> by_peer;
    for (const net::Datagram& datagram : datagrams) {
      if (!datagram.bytes.empty())
        by_peer[datagram.peer.address].push_back({std::string(datagram.bytes), "", datagram.bytes.size()});
    }
    auto left = std::make_shared<std::atomic<std::size_t>>(by_peer.size() + 1);  // shared by the deliveries
    const auto one_done = [left, resume = std::move(resume)] {
      if (--*left == 0) resume();
    };
    for (auto& [peer, messages] : by_peer) deliver({options_.source, "syslog-udp", peer, ""}, std::move(messages), one_done);
    one_done();
  };
}

void SyslogDoor::deliver(event::Source source, std::vector<Message> messages, std::function<void()> resume) {
  if (messages.empty()) return resume();
  attempt(std::make_shared<Delivery>(  // shared by its tries
      Delivery{std::move(source), std::move(messages), std::move(resume)}));
}

void SyslogDoor::attempt(std::shared_ptr<Delivery> delivery) {
  const auto later = [this, delivery] {
    ++counters_.retries;
    runtime_.after(options_.retry_millis, [this, delivery] { attempt(delivery); });
  };
  if (log_.stopped()) return later();  // not worth building a batch for
  event::EntryBatch batch(delivery->source);
  std::size_t end = delivery->next;
  std::uint64_t quarantined = 0;
  while (end < delivery->messages.size() && batch.bytes().size() + batch.apart_bytes() < kBatchBytes)
    quarantined += add(batch, delivery->messages[end++]) ? 0U : 1U;
  log_.submit(std::move(batch), false, [this, delivery, end, quarantined, later](const Result<log::Delivered>& result) {
    if (!result) return later();
    // What an id that stands for something else kept out is not lost: it goes after the others, quarantined.
    for (std::size_t i = delivery->next; i < end; ++i) {
      if (!result->placed[i - delivery->next].error) continue;
      delivery->messages.push_back(delivery->messages[i]);
      delivery->messages.back().quarantined = "id_conflict";
      --counters_.messages;
    }
    counters_.messages += end - delivery->next;
    counters_.quarantined += quarantined;
    delivery->next = end;
    if (end == delivery->messages.size()) return delivery->resume();
    runtime_.after(0, [this, delivery] { attempt(delivery); });  // this is the log's thread: it has other things to do
  });
}

bool SyslogDoor::add(event::EntryBatch& batch, const Message& message) {
  thread_local Normalised normalised;
  std::string why = message.quarantined;
  if (why.empty()) {
    const UnixNanos now = clock_.now();
    syslog_event(parse_syslog(message.text, now), now, understanding_.rules, normalised);
    const bool taken = !options_.strict || !normalised.unattributed;
    const apart::EntryTexts texts{normalised.event, normalised.derived, message.text, normalised.id};
    if (taken && understanding_.keeper.add(batch, texts).ok()) return true;
    why = taken ? "too_large" : "unattributed";
  }
  add_quarantined(batch, understanding_.keeper, "syslog", why, message.text, message.length, clock_.now());
  return false;
}

}  // namespace stele::collect
