// Any bytes as a normaliser, and any line through the shipped ones and through it: what comes out is an event or nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "event/intake.h"
#include "normalise/ruleset.h"
#include "normalise/shipped.h"

namespace {

namespace sn = stele::normalise;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<sn::Normaliser> shipped() {
  std::vector<sn::Normaliser> out;
  for (const sn::ShippedFile& file : sn::shipped_files()) {
    auto read = sn::read_normaliser(file.yaml, std::string(file.name));
    require(read.ok());
    out.push_back(std::move(*read));
  }
  return out;
}

void conclude(const sn::Ruleset& rules, const sn::Record& record) {
  static stele::event::Intake intake({1U << 22, 64, 1U << 20});
  sn::Draft draft;
  draft.claim(sn::Part::kTime) = R"("2026-11-23T16:20:00Z")";
  draft.conclude(sn::Part::kActor) = R"({"type":"process","id":"unknown"})";
  draft.conclude(sn::Part::kAction) = R"("x.event")";  // every door has one; a rule's that stands for nothing leaves it
  if (rules.conclude(record, draft) == nullptr) return;
  std::string event;
  std::string derived;
  draft.write(event, derived);
  stele::event::Accepted accepted;
  stele::event::Finding error;
  const bool good = intake.read(event, accepted, error);
  require(good || error.code == "too_large" || error.code == "too_deep");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sn::Ruleset rules = std::move(*sn::Ruleset::make(shipped()));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view first = text.substr(0, text.find('\n'));
  const std::string_view rest = text.substr(std::min(text.size(), first.size() + 1));
  sn::Record record;
  record.set("app", first);
  record.set("host", first);
  record.set_text(rest);
  conclude(rules, record);

  auto read = sn::read_normaliser(text, "x.yaml");
  if (!read) {
    require(!read.error().message.empty());
    return 0;
  }
  std::vector<sn::Normaliser> own;
  own.push_back(std::move(*read));
  const auto its = sn::Ruleset::make(std::move(own));
  if (!its.ok()) return 0;
  stele::event::JsonTape tape;
  stele::event::JsonError error;
  require(tape.parse(R"({"a":{"b":["c",{"d":1}]},"$x":{"$y":"z"},"format":"json","app":"sshd"})", {4096, 16, 100}, error));
  record.set_document(&tape);
  conclude(*its, record);
  return 0;
}
