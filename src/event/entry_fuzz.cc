// Reading entries and bundles of any bytes, and writing entries of any parts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "event/delivery_key.h"
#include "event/entry.h"

namespace {

namespace se = stele::event;

void require(bool holds) {
  if (!holds) std::abort();
}

class Zeros final : public stele::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0;
  }
};

void read_one(std::string_view entry) {
  const auto view = se::read_entry(entry);
  const auto key = se::DeliveryKeyReader().read(entry);
  const auto received = se::read_received(entry);
  if (!view.ok()) return;
  require(received == view->received && key.ok());
  require(!view->event.empty() && !view->source.empty());
  for (const std::string_view part : {view->id, view->source, view->event, view->derived, view->original}) {
    require(part.empty() || (part.data() > entry.data() && part.data() + part.size() < entry.data() + entry.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_one(bytes);
  std::string bundle;
  (void)se::for_each_entry(bytes, [&](std::string_view entry) {
    read_one(entry);
    char length[2];
    stele::store_be16(length, static_cast<std::uint16_t>(entry.size()));
    bundle.append(length, 2).append(entry);
  });
  require(bytes.starts_with(bundle));

  // Lines as events, every second one with an id; some are taken away again.
  se::EntryBatch batch({"s", "http", "", ""});
  std::vector<std::string> events;
  std::vector<bool> keep;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!batch.add(line, {}, {}, events.size() % 2 == 0 ? std::string_view() : line.substr(0, 9)).ok()) continue;
    events.emplace_back(line);
    keep.push_back(line.size() % 3 != 0);
  }
  Zeros random;
  batch.stamp(1, random);
  batch.retain(keep);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!keep[i]) continue;
    require(batch.entry(kept).ends_with(",\"event\":" + events[i] + "}"));
    require(batch.event_id(kept) == (i % 2 == 0 ? "" : events[i].substr(0, 9)));
    require(se::read_received(batch.entry(kept)) == 1);
    ++kept;
  }
  require(batch.count() == kept);
  return 0;
}
