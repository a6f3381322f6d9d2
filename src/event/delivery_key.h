// What recognises a repeated delivery, read back from entries.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stele::event {

// The source's id and the event's own id, unescaped.
struct DeliveryKey {
  std::string source_id;
  std::string event_id;
};

// Reads keys one after another: a restart wants those of some hundred thousand entries. It skips what it does not look for,
// so that an entry is right is not checked: of one that this program did not write it gives some key or none. Keeps its
// buffers. Not thread-safe.
class DeliveryKeyReader {
 public:
  DeliveryKeyReader();
  ~DeliveryKeyReader();
  DeliveryKeyReader(const DeliveryKeyReader&) = delete;
  DeliveryKeyReader& operator=(const DeliveryKeyReader&) = delete;

  // Nothing when the event has no id; kCorrupt when what is looked at has another form than an entry's.
  Result<std::optional<DeliveryKey>> read(std::string_view entry);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace stele::event
