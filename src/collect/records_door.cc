#include "collect/records_door.h"

#include <optional>

#include "base/bytes.h"
#include "base/json_text.h"
#include "collect/record_format.h"
#include "event/body.h"
#include "event/json_tape.h"
#include "records/cutter.h"

namespace stele::collect {
namespace {

using event::JsonNode;
using event::JsonTape;
using event::JsonType;

constexpr std::size_t kRecordsMax = 50'000;   // in one request
constexpr std::size_t kTextBytesMax = 1'024;  // of an id, a stream, a host: what an id of an event may have
// One line: the longest record with every byte escaped, and its other members.
constexpr event::JsonLimits kLineLimits{6 * records::kRecordBytesMax + 65'536, 66, 20'100};

// The parts of one line. False with `why` filled when it is no record.
class SentRecord {
 public:
  bool read(const JsonTape& tape, std::string& why) {
    tape_ = &tape;
    why_.clear();
    if (tape.nodes()[0].type != JsonType::kObject) {
      why = "no object";
      return false;
    }
    std::string scratch;
    tape.for_each_child(0,
                        [&](std::uint32_t child) { take(tape.name(tape.nodes()[child], scratch), tape.nodes()[child], child); });
    if (why_.empty() && format == nullptr) why_ = "it has no \"format\"";
    if (why_.empty() && record_ == 0) why_ = "it has no \"record\"";
    if (why_.empty()) take_record();
    why = why_;
    return why.empty();
  }

  const RecordFormat* format = nullptr;
  std::string record;
  std::uint64_t length = 0;  // of the record where it stood, when it was cut off
  Sender sender;

 private:
  void take(std::string_view name, const JsonNode& node, std::uint32_t at) {
    if (name == "format") {
      const auto text = text_of(name, node);
      format = text ? find_record_format(*text) : nullptr;
      if (text && format == nullptr) why_ = "the format \"" + *text + "\" is not known";
    }
    if (name == "record") record_ = at;
    if (name == "length") length = number_of(name, node).value_or(0);
    if (name == "seq") sender.seq = number_of(name, node);
    if (name == "id") sender.id = text_of(name, node).value_or("");
    if (name == "sequence") sender.sequence = text_of(name, node).value_or("");
    if (name == "stream") sender.stream = text_of(name, node).value_or("");
    if (name == "host") sender.host = text_of(name, node).value_or("");
    if (name == "peer") take_peer(node, at);
  }

  std::optional<std::string> text_of(std::string_view name, const JsonNode& node) {
    std::string scratch;
    if (node.type == JsonType::kString) {
      const std::string_view text = tape_->string(node, scratch);
      if (text.size() <= kTextBytesMax) return std::string(text);
    }
    why_ = "\"" + std::string(name) + "\" is no text of at most 1,024 bytes";
    return std::nullopt;
  }

  std::optional<std::uint64_t> number_of(std::string_view name, const JsonNode& node) {
    const auto number = node.type == JsonType::kNumber ? parse_decimal(tape_->raw(node)) : std::nullopt;
    if (!number) why_ = "\"" + std::string(name) + "\" is no whole number";
    return number;
  }

  // Who wrote to a socket, as the sender's kernel says: what is known of such a thing, and no more.
  void take_peer(const JsonNode& node, std::uint32_t at) {
    if (node.type != JsonType::kObject) {
      why_ = "\"peer\" is no object";
      return;
    }
    std::string uid;
    std::string user;
    std::string out;
    std::string scratch;
    tape_->for_each_child(at, [&](std::uint32_t child) {
      const JsonNode& member = tape_->nodes()[child];
      const std::string name(tape_->name(member, scratch));
      std::string value;
      if (name == "pid" || name == "uid" || name == "gid") {
        const auto number = number_of("peer." + name, member);
        if (number) append_decimal(value, *number);
        if (name == "uid") uid = value;
      } else if (name == "user" || name == "exe") {
        const auto text = text_of("peer." + name, member);
        if (text) append_json_string(value, *text);
        if (name == "user") user = text.value_or("");
      }
      if (!value.empty()) out += (out.empty() ? "{\"" : ",\"") + name + "\":" + value;
    });
    if (out.empty()) return;
    sender.peer = out + "}";
    if (user.empty() && uid.empty()) return;
    sender.peer_actor = R"({"type":"user","id":)";
    append_json_string(sender.peer_actor, user.empty() ? uid : user);
    sender.peer_actor += "}";
  }

  // A text, bytes that are none, or, of a format that is JSON, an object.
  void take_record() {
    const JsonNode& node = tape_->nodes()[record_];
    std::string scratch;
    if (node.type == JsonType::kString) {
      record = tape_->string(node, scratch);
      return;
    }
    std::optional<std::string> bytes;
    const std::uint32_t first = record_ + 1;
    const bool one_member = node.type == JsonType::kObject && first < node.end && tape_->nodes()[first].end == node.end;
    if (one_member && tape_->name(tape_->nodes()[first], scratch) == "$base64" && tape_->nodes()[first].type == JsonType::kString)
      bytes = base64_decode(tape_->string(tape_->nodes()[first], scratch));
    if (bytes)
      record = *bytes;
    else if (format->is_json() && node.type == JsonType::kObject)
      record = tape_->raw(node);
    else
      why_ = "\"record\" is no text";
  }

  const JsonTape* tape_ = nullptr;
  std::uint32_t record_ = 0;
  std::string why_;
};

void add_line(std::string_view line, JsonTape& tape, DoorBatch& batch) {
  batch.set_sender({});
  event::JsonError error;
  if (!tape.parse(line, kLineLimits, error)) return batch.quarantine(error.code, line);
  SentRecord sent;
  std::string why;
  const bool good = sent.read(tape, why);
  batch.set_sender(sent.sender);
  if (!good) return batch.quarantine(why, line);
  if (sent.length > sent.record.size() || sent.record.size() > records::kRecordBytesMax)
    return batch.quarantine("oversized", sent.record, sent.length);
  sent.format->add(sent.record, batch);
}

class RecordsDoor final : public HttpDoor {
 public:
  [[nodiscard]] std::string_view kind() const override { return "records"; }
  [[nodiscard]] std::vector<std::string> paths() const override { return {"/api/v1/collect/records"}; }

  Status decode(const net::Request&, std::string_view body, DoorBatch& batch) const override {
    JsonTape tape;
    STELE_ASSIGN(const auto lines, event::split_events(body, true, kRecordsMax));
    for (const std::string_view line : lines) add_line(line, tape, batch);
    return {};
  }

  [[nodiscard]] net::Response stored(const net::Request&, const Stored& stored) const override {
    net::Response out;
    out.headers.emplace_back("Content-Type", "application/json");
    out.body = "{\"stored\":" + std::to_string(stored.count) + ",\"quarantined\":" + std::to_string(stored.quarantined) +
               ",\"repeated\":" + std::to_string(stored.repeated) + "}\n";
    return out;
  }
};

}  // namespace

std::unique_ptr<HttpDoor> make_records_door() { return std::make_unique<RecordsDoor>(); }

}  // namespace stele::collect
