#include "apart/keeper.h"

#include <algorithm>
#include <array>
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

  // Masks and seals what is secret.
  void seal_secrets(const std::vector<Span>& in_input) {
    Edited edited;
    if (!edited.parse(event_)) return;
    bool masked = !in_input.empty();
    std::size_t count = 0;
    std::vector<Span> spans;
    for (const std::string_view name : kSearched) {
      const auto member = edited.member(name);
      if (!member) continue;
      const JsonNode& node = edited.tape().nodes()[*member];
      spans.clear();
      // With its key in front, which may be what tells.
      options_.secrets->find(edited.tape().text().substr(node.at, node.size), spans);
      for (Span& span : spans) span = {span.from + node.at, span.to + node.at};
      if (spans.empty()) continue;
      count += spans.size();
      changed_.insert(name);
      for (const Span span : spans) masked = seal(edited, *member, name, span) || masked;
    }
    redacted_ = std::max(count, in_input.size());
    if (redacted_ == 0) return;
    if (masked) {
      std::string whole;
      if (input_.empty())
        whole = edited.tape().text();
      else
        append_json_bytes(whole, input_);
      original_ = reserved(ApartKind::kSealed, std::move(whole));
    }
    event_ = edited.text();
  }

  // What the entry's member `original` is.
  std::string original() {
    if (!original_.empty()) return original_;
    std::string out;
    if (!input_.empty()) append_json_bytes(out, input_);
    return out;
  }

  // Moves out the next of what may move. False when there is nothing left, or it is too long to be kept.
  bool shorten() {
    if (options_.attachment_bytes_max == 0) return false;
    if (original_.empty() && !input_.empty()) {
      if (input_.size() > options_.attachment_bytes_max) return false;
      original_ = reserved(ApartKind::kAttachment, std::string(input_));
      return true;
    }
    Edited edited;
    if (!edited.parse(event_)) return false;
    const auto largest = next_to_move(edited);
    if (!largest) return false;
    const JsonNode& node = edited.tape().nodes()[*largest];
    if (node.size > options_.attachment_bytes_max) return false;
    edited.replace(node.at, node.at + node.size, reserved(ApartKind::kAttachment, std::string(edited.tape().raw(node))));
    event_ = edited.text();
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

  // True when it was masked within a text; else the whole value is sealed.
  bool seal(Edited& edited, std::uint32_t member, std::string_view name, Span span) {
    const JsonTape& tape = edited.tape();
    for (std::uint32_t at = member; at < tape.nodes()[member].end; ++at) {
      const JsonNode& node = tape.nodes()[at];
      const bool is_value = node.end == at + 1 && node.type != JsonType::kObject && node.type != JsonType::kArray;
      if (!is_value || span.from < node.at || span.to > node.at + node.size) continue;
      const std::size_t quote = node.type == JsonType::kString ? 1 : 0;
      const bool whole = span.from <= node.at + quote && span.to >= node.at + node.size - quote;
      const bool may_be_any = (name == "attributes" || name == "changes") && at != member;
      if (whole && may_be_any) {
        edited.replace(node.at, node.at + node.size, reserved(ApartKind::kSealed, std::string(tape.raw(node))));
        return false;
      }
      edited.replace(span.from, span.to, std::string(kMask));
      return true;
    }
    // In a name, or over the bounds of a value: the smallest value that holds all of it goes.
    std::uint32_t holder = member;
    for (std::uint32_t at = member; at < tape.nodes()[member].end; ++at) {
      const JsonNode& node = tape.nodes()[at];
      if (node.at <= span.from && span.to <= node.at + node.size) holder = at;
    }
    const JsonNode& node = tape.nodes()[holder];
    edited.replace(node.at, node.at + node.size, reserved(ApartKind::kSealed, std::string(tape.raw(node))));
    return false;
  }

  // The message, else the largest attribute that is longer than what would stand in its place.
  [[nodiscard]] static std::optional<std::uint32_t> next_to_move(const Edited& edited) {
    constexpr std::size_t kWorthwhile = 1024;
    const auto movable = [&](std::uint32_t at) {
      const JsonNode& node = edited.tape().nodes()[at];
      return node.size > kWorthwhile && !edited.tape().raw(node).starts_with(R"({"$attachment":)");
    };
    if (const auto message = edited.member("message"); message && movable(*message)) return message;
    std::optional<std::uint32_t> largest;
    const auto attributes = edited.member("attributes");
    if (!attributes) return largest;
    edited.tape().for_each_child(*attributes, [&](std::uint32_t at) {
      const std::size_t best = largest ? edited.tape().nodes()[*largest].size : 0;
      if (movable(at) && edited.tape().nodes()[at].size > best) largest = at;
    });
    return largest;
  }

  const KeeperOptions& options_;
  Random& random_;
  std::string event_;
  std::string derived_;
  std::string_view input_;
  std::string original_;
  std::set<std::string_view> changed_;
  std::size_t redacted_ = 0;
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
  thread_local std::vector<Span> spans;
  thread_local std::string original;
  spans.clear();
  if (options_.secrets != nullptr) options_.secrets->find(texts.input.empty() ? texts.event : texts.input, spans);
  original.clear();
  if (spans.empty()) {
    if (!texts.input.empty()) append_json_bytes(original, texts.input);
    const Status added = batch.add(texts.event, texts.derived, original, texts.event_id);
    if (added || added.error().code != Code::kTooLarge) return added;
  }
  if (texts.input.empty()) spans.clear();  // where they stand in the event is looked at member by member
  Fitting fitting(texts, options_, random_);
  if (options_.secrets != nullptr) fitting.seal_secrets(spans);
  for (;;) {
    const Status added = batch.add(fitting.event(), fitting.derived(), fitting.original(), texts.event_id);
    if (added) {
      batch.keep_apart(fitting.take_values());
      return {};
    }
    if (!fitting.shorten()) return added;
  }
}

}  // namespace stele::apart
