#include "event/mask.h"

#include <algorithm>

#include "base/json_text.h"
#include "event/json_tape.h"

namespace stele::event {
namespace {

// What readers of entries count on is there still.
std::string_view masked(std::string_view path) {
  if (path == "actor") return R"({"type":"[masked]","id":"[masked]"})";
  if (path == "source") return R"({"id":"[masked]","kind":"[masked]"})";
  return R"("[masked]")";
}

// Walks as event/scalars.h does, so that a path is the same in what is searched and in what is shown.
class Writer {
 public:
  Writer(const JsonTape& tape, const std::vector<std::string>& masked) : tape_(tape), masked_(masked) {}

  // The envelope; its last brace is left out.
  std::string entry() {
    out_ = "{";
    tape_.for_each_child(0, [&](std::uint32_t child) {
      const std::string name = begin_member(child);
      if (name == "stele" || name == "id" || name == "received") {
        out_ += raw(child);
      } else {
        value(child, name == "event" ? std::string() : name, name == "event");
      }
    });
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view raw(std::uint32_t at) const { return tape_.raw(tape_.nodes()[at]); }

  // Writes the name, and returns it.
  std::string begin_member(std::uint32_t at) {
    if (out_.back() != '{') out_ += ',';
    const JsonNode& node = tape_.nodes()[at];
    out_ += '"';
    out_ += tape_.key(node);
    out_ += "\":";
    std::string scratch;
    return std::string(tape_.name(node, scratch));
  }

  // `is_top`: names below it are paths of their own.
  void value(std::uint32_t at, const std::string& path, bool is_top) {
    if (!is_top && is_masked(path, masked_)) {
      out_ += masked(path);
      return;
    }
    const JsonType type = tape_.nodes()[at].type;
    if (type == JsonType::kObject) return members(at, path, is_top);
    if (type != JsonType::kArray) {
      out_ += raw(at);
      return;
    }
    out_ += '[';
    tape_.for_each_child(at, [&](std::uint32_t child) {
      if (out_.back() != '[') out_ += ',';
      value(child, path, is_top);
    });
    out_ += ']';
  }

  // What `$literal` stands around is an ordinary object.
  [[nodiscard]] bool is_literal(std::uint32_t at) const {
    const std::uint32_t child = at + 1;
    const auto& nodes = tape_.nodes();
    return nodes[at].end > child && nodes[child].end == nodes[at].end && tape_.key(nodes[child]) == "$literal" &&
           nodes[child].type == JsonType::kObject;
  }

  void members(std::uint32_t at, const std::string& path, bool is_top) {
    const bool literal = is_literal(at);
    out_ += literal ? R"({"$literal":{)" : "{";
    tape_.for_each_child(literal ? at + 1 : at, [&](std::uint32_t child) {
      const std::string name = begin_member(child);
      value(child, is_top ? name : path + "." + name, false);
    });
    out_ += literal ? "}}" : "}";
  }

  const JsonTape& tape_;
  const std::vector<std::string>& masked_;
  std::string out_;
};

}  // namespace

bool is_masked(std::string_view path, const std::vector<std::string>& masked) {
  return std::any_of(masked.begin(), masked.end(), [&](const std::string& one) {
    return path.starts_with(one) && (path.size() == one.size() || path[one.size()] == '.');
  });
}

Mask::Mask(std::vector<std::string> paths) : paths_(std::move(paths)) {
  if (std::find(paths_.begin(), paths_.end(), "original") == paths_.end()) paths_.emplace_back("original");
}

std::string Mask::of(std::string_view entry) const {
  constexpr JsonLimits kLimits{1U << 20, 512, 1U << 20};  // an entry has less of each
  JsonTape tape;
  JsonError error;
  std::string out = "{";
  if (tape.parse(entry, kLimits, error) && tape.nodes()[0].type == JsonType::kObject) out = Writer(tape, paths_).entry();
  out += out.size() > 1 ? ",\"masked\":[" : "\"masked\":[";
  for (const std::string& path : paths_) {
    if (out.back() != '[') out += ',';
    append_json_string(out, path);
  }
  return out + "],\"verifiable\":false}";
}

}  // namespace stele::event
