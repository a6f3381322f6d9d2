#include "apart/keeper.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "apart/commitment.h"
#include "base/json_text.h"
#include "event/json_tape.h"

namespace stele::apart {
namespace {

using event::ApartKind;
using event::ApartValue;
using event::JsonNode;
using event::JsonTape;
using event::JsonType;

constexpr std::string_view kMask = "[sealed]";
constexpr std::size_t kReservedBytesMin = 90;                     // of what stands for a value
constexpr event::JsonLimits kLimits{256U << 20, 130, 2'000'000};  // of what was taken as an event before

// Members of an event in whose texts secrets are looked for. Who acted and what was done are never masked.
constexpr std::array<std::string_view, 5> kSearched{"targets", "origin", "changes", "message", "attributes"};

// An event whose parts are replaced one after another; at the end all of it is put together again.
class Edited {
 public:
  // False when it is no JSON object, which an event always is.
  bool parse(std::string_view event) {
    event::JsonError error;
    return tape_.parse(event, kLimits, error) && tape_.nodes()[0].type == JsonType::kObject;
  }

  [[nodiscard]] const JsonTape& tape() const { return tape_; }

  // The member of the event, or of the object that one of its members is.
  [[nodiscard]] std::optional<std::uint32_t> member(std::string_view name) const { return child(0, name); }

  // Text [from, to) of the event becomes `with`. Those that are replaced do not overlap, but one may hold others, which
  // then count for nothing.
  void replace(std::size_t from, std::size_t to, std::string with) { edits_.push_back({from, to, std::move(with)}); }

  [[nodiscard]] std::string text() const {
    auto edits = edits_;
    std::sort(edits.begin(), edits.end(),
              [](const Edit& a, const Edit& b) { return a.from < b.from || (a.from == b.from && a.to > b.to); });
    std::string out;
    std::size_t at = 0;
    for (const Edit& edit : edits) {
      if (edit.from < at) continue;
      out.append(tape_.text(), at, edit.from - at);
      out += edit.with;
      at = edit.to;
    }
    out.append(tape_.text(), at);
    return out;
  }

 private:
  struct Edit {
    std::size_t from;
    std::size_t to;
    std::string with;
  };
  [[nodiscard]] std::optional<std::uint32_t> child(std::uint32_t of, std::string_view name) const {
    std::optional<std::uint32_t> found;
    tape_.for_each_child(of, [&](std::uint32_t at) {
      if (tape_.key(tape_.nodes()[at]) == name) found = at;
    });
    return found;
  }

  JsonTape tape_;
  std::vector<Edit> edits_;
};

// One entry while it is made fit.
class Fitting {
 public:
  Fitting(const EntryTexts& texts, const KeeperOptions& options, Random& random)
      : options_(options), random_(random), event_(texts.event), derived_(texts.derived), input_(texts.input) {}

  // Masks and seals what is secret; `in_input` is where secrets stand in the input. kInvalid when the event is no I-JSON.
  Status seal_secrets(const std::vector<Span>& in_input) {
    const std::string as_it_came = input_.empty() ? event_ : std::string();
    STELE_TRY(edit([&](std::string_view text, std::vector<Span>& out) { options_.secrets->find(text, out); }));
    // What the input betrayed may stand in the event without the words that betray it.
    const std::vector<std::string_view> known = worth_finding(in_input);
    if (!known.empty()) {
      STELE_TRY(edit([&](std::string_view text, std::vector<Span>& out) { find_known(known, text, out); }));
    }
    redacted_ = std::max(redacted_, in_input.size());
    if (redacted_ == 0) return {};
    if (input_.empty() && !masked_) return {};
    std::string whole = as_it_came;
    if (!input_.empty()) append_json_bytes(whole, input_);
    original_ = reserved(ApartKind::kSealed, std::move(whole));
    return {};
  }

  // What the entry's member `original` is.
  std::string original() {
    if (!original_.empty()) return original_;
    std::string out;
    if (!input_.empty()) append_json_bytes(out, input_);
    return out;
  }

  // Moves out the next of what may move, each time twice as much. False when there is nothing left that would help, or it is too
  // long to be kept.
  bool shorten() {
    if (options_.attachment_bytes_max == 0) return false;
    if (original_.empty() && !input_.empty()) {
      if (input_.size() > options_.attachment_bytes_max) return false;
      original_ = reserved(ApartKind::kAttachment, std::string(input_));
      return true;
    }
    if (moving_ == nullptr) {
      moving_ = std::make_unique<Edited>();
      if (!moving_->parse(event_)) return false;
      to_move_ = movable(*moving_);
    }
    if (moved_ == to_move_.size()) return false;
    const std::size_t until = std::min(to_move_.size(), std::max<std::size_t>(1, 2 * moved_));
    for (; moved_ < until; ++moved_) {
      const JsonNode& node = moving_->tape().nodes()[to_move_[moved_]];
      if (node.size > options_.attachment_bytes_max) return false;
      moving_->replace(node.at, node.at + node.size, reserved(ApartKind::kAttachment, std::string(moving_->tape().raw(node))));
    }
    event_ = moving_->text();
    return true;
  }

  [[nodiscard]] const std::string& event() const { return event_; }
  [[nodiscard]] std::string derived() const;
  [[nodiscard]] std::vector<ApartValue> take_values() { return std::move(values_); }

 private:
  std::string reserved(ApartKind kind, std::string bytes) {
    values_.push_back(commit(kind, std::move(bytes), random_));
    return reserved_object(values_.back());
  }

  // Appends where secrets stand in a text.
  using Find = std::function<void(std::string_view text, std::vector<Span>& out)>;

  // Takes what `find` finds out of the event.
  Status edit(const Find& find) {
    Edited edited;
    if (!edited.parse(event_)) return invalid("the event is no I-JSON object");
    std::size_t count = 0;
    for (const std::string_view name : kSearched) {
      const auto member = edited.member(name);
      if (!member) continue;
      const std::size_t here = edit_member(edited, *member, name == "attributes" || name == "changes", find);
      if (here > 0) changed_.insert(name);
      count += here;
    }
    redacted_ += count;
    if (count == 0) return {};
    event_ = edited.text();
    // What is stored must be read again, whatever an expression took along.
    if (!Edited().parse(event_)) return invalid("the event is no JSON once its secrets are masked");
    return {};
  }

  // How many there were. `may_be_any`: values of the member may be of any type, so that one can be sealed whole.
  std::size_t edit_member(Edited& edited, std::uint32_t member, bool may_be_any, const Find& find) {
    const JsonTape& tape = edited.tape();
    const JsonNode all = tape.nodes()[member];
    std::vector<Span> spans;
    find(tape.raw(all), spans);  // keys too, which may be what tells
    std::set<std::uint32_t> done;
    const auto seal_whole = [&](std::uint32_t at) {
      const JsonNode& node = tape.nodes()[at];
      edited.replace(node.at, node.at + node.size, reserved(ApartKind::kSealed, std::string(tape.raw(node))));
      done.insert(at);
    };
    std::size_t count = spans.size();
    std::vector<std::pair<Span, std::uint32_t>> within;  // and the value
    for (Span span : spans) {
      span = {span.from + all.at, span.to + all.at};
      const auto value = value_around(tape, member, span);
      if (!value) {
        seal_whole(holder_of(tape, member, span));
      } else if (may_be_any && *value != member && covers(span, tape.nodes()[*value])) {
        seal_whole(*value);
      } else {
        within.emplace_back(span, *value);
      }
    }
    // What a string with escapes says is looked at as it is meant: quotes in it are those of JSON or SQL in JSON.
    std::string scratch;
    for (std::uint32_t at = member; at < all.end; ++at) {
      const JsonNode& node = tape.nodes()[at];
      if (node.type != JsonType::kString || !node.escaped || done.contains(at)) continue;
      const std::string_view text = tape.string(node, scratch);
      spans.clear();
      find(text, spans);
      if (spans.empty()) continue;
      count += spans.size();
      done.insert(at);
      std::string with = "\"";
      std::size_t from = 0;
      for (const Span span : spans) {
        append_json_escaped(with, text.substr(from, span.from - from));
        with += kMask;
        from = span.to;
      }
      append_json_escaped(with, text.substr(from));
      edited.replace(node.at, node.at + node.size, with + "\"");
      masked_ = true;
    }
    for (const auto& [span, value] : within) {
      if (done.contains(value)) continue;
      const JsonNode& node = tape.nodes()[value];
      const std::size_t quote = node.type == JsonType::kString ? 1 : 0;
      const std::size_t from = std::max<std::size_t>(span.from, node.at + quote);
      const std::size_t to = std::min<std::size_t>(span.to, node.at + node.size - quote);
      edited.replace(from, to, quote == 1 ? std::string(kMask) : "\"" + std::string(kMask) + "\"");
      masked_ = true;
    }
    return count;
  }

  static bool covers(Span span, const JsonNode& node) {
    const std::size_t quote = node.type == JsonType::kString ? 1 : 0;
    return span.from <= node.at + quote && span.to >= node.at + node.size - quote;
  }

  // The string, number or word that has all of it.
  static std::optional<std::uint32_t> value_around(const JsonTape& tape, std::uint32_t member, Span span) {
    for (std::uint32_t at = member; at < tape.nodes()[member].end; ++at) {
      const JsonNode& node = tape.nodes()[at];
      if (node.type == JsonType::kObject || node.type == JsonType::kArray) continue;
      if (span.from >= node.at && span.to <= node.at + node.size) return at;
    }
    return std::nullopt;
  }

  // In a name, or over the bounds of a value: the smallest value that holds all of it.
  static std::uint32_t holder_of(const JsonTape& tape, std::uint32_t member, Span span) {
    std::uint32_t holder = member;
    for (std::uint32_t at = member; at < tape.nodes()[member].end; ++at) {
      const JsonNode& node = tape.nodes()[at];
      if (node.at <= span.from && span.to <= node.at + node.size) holder = at;
    }
    return holder;
  }

  // Secrets of the input that are long enough not to be found everywhere.
  [[nodiscard]] std::vector<std::string_view> worth_finding(const std::vector<Span>& in_input) const {
    constexpr std::size_t kBytesMin = 6;
    constexpr std::size_t kCountMax = 64;
    std::vector<std::string_view> out;
    for (const Span span : in_input) {
      const std::string_view secret = input_.substr(span.from, span.to - span.from);
      if (secret.size() >= kBytesMin && out.size() < kCountMax) out.push_back(secret);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  static void find_known(const std::vector<std::string_view>& known, std::string_view text, std::vector<Span>& out) {
    for (const std::string_view secret : known) {
      for (std::size_t at = 0; (at = text.find(secret, at)) != std::string_view::npos; at += secret.size())
        out.push_back({at, at + secret.size()});
    }
    merge_spans(out);
  }

  // The message, then the attributes from the largest on, as far as they are longer than what would stand in their place.
  [[nodiscard]] static std::vector<std::uint32_t> movable(const Edited& edited) {
    constexpr std::size_t kWorthwhile = 1024;
    const auto& nodes = edited.tape().nodes();
    const auto may_move = [&](std::uint32_t at) {
      return nodes[at].size > kWorthwhile && !edited.tape().raw(nodes[at]).starts_with(R"({"$attachment":)");
    };
    std::vector<std::uint32_t> out;
    if (const auto attributes = edited.member("attributes"))
      edited.tape().for_each_child(*attributes, [&](std::uint32_t at) {
        if (may_move(at)) out.push_back(at);
      });
    std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) { return nodes[a].size > nodes[b].size; });
    if (const auto message = edited.member("message"); message && may_move(*message)) out.insert(out.begin(), *message);
    // Where even all of them are not enough none needs to move.
    std::size_t rest = edited.tape().text().size();
    for (const std::uint32_t at : out) rest -= nodes[at].size - std::min<std::size_t>(nodes[at].size, kReservedBytesMin);
    if (rest > event::kEntryBytesMax) out.clear();
    return out;
  }

  const KeeperOptions& options_;
  Random& random_;
  std::string event_;
  std::string derived_;
  std::string_view input_;
  std::string original_;
  std::set<std::string_view> changed_;
  std::size_t redacted_ = 0;
  bool masked_ = false;  // within a text, so that the event does not say it all any more
  std::unique_ptr<Edited> moving_;
  std::vector<std::uint32_t> to_move_;
  std::size_t moved_ = 0;  // of them
  std::vector<ApartValue> values_;
};

// With the members that were changed, and how many secrets there were.
std::string Fitting::derived() const {
  if (redacted_ == 0) return derived_;
  JsonTape tape;
  event::JsonError error;
  std::string by = "\"stele/secrets@1\"";
  std::vector<std::string> fields;
  std::string rest;
  if (!derived_.empty() && tape.parse(derived_, kLimits, error)) {
    tape.for_each_child(0, [&](std::uint32_t at) {
      const JsonNode& node = tape.nodes()[at];
      if (tape.key(node) == "by") {
        by = tape.raw(node);
      } else if (tape.key(node) == "fields") {
        tape.for_each_child(at, [&](std::uint32_t field) { fields.emplace_back(tape.raw(tape.nodes()[field])); });
      } else {
        rest += ",\"" + std::string(tape.key(node)) + "\":" + std::string(tape.raw(node));
      }
    });
  }
  for (const std::string_view name : changed_) {
    const std::string quoted = "\"" + std::string(name) + "\"";
    if (std::find(fields.begin(), fields.end(), quoted) == fields.end()) fields.push_back(quoted);
  }
  std::string out = "{\"by\":" + by + ",\"fields\":[";
  for (const std::string& field : fields) {
    if (out.back() != '[') out += ',';
    out += field;
  }
  return out + "],\"redacted\":" + std::to_string(redacted_) + rest + "}";
}

}  // namespace

Status Keeper::add(event::EntryBatch& batch, const EntryTexts& texts) const {
  thread_local std::vector<Span> in_event;
  thread_local std::vector<Span> in_input;
  thread_local std::string original;
  in_event.clear();
  in_input.clear();
  if (options_.secrets != nullptr) {
    options_.secrets->find(texts.event, in_event);
    options_.secrets->find(texts.input, in_input);
  }
  const bool is_innocent = in_event.empty() && in_input.empty();
  if (is_innocent) {
    original.clear();
    if (!texts.input.empty()) append_json_bytes(original, texts.input);
    const Status added = batch.add(texts.event, texts.derived, original, texts.event_id);
    if (added || added.error().code != Code::kTooLarge) return added;
  }
  Fitting fitting(texts, options_, random_);
  if (!is_innocent) STELE_TRY(fitting.seal_secrets(in_input));
  for (;;) {
    const Status added = batch.add(fitting.event(), fitting.derived(), fitting.original(), texts.event_id);
    if (added) {
      batch.keep_apart(fitting.take_values());
      return {};
    }
    if (added.error().code != Code::kTooLarge || !fitting.shorten()) return added;
  }
}

}  // namespace stele::apart
