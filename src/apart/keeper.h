// What may not stand in an entry as it came is kept apart: secrets are sealed, what is too long becomes an attachment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apart/secrets.h"
#include "base/clock.h"
#include "base/result.h"
#include "event/entry.h"

namespace stele::apart {

struct KeeperOptions {
  const SecretFinder* secrets = nullptr;           // null: nothing is looked for
  std::uint64_t attachment_bytes_max = 16U << 20;  // of one; 0: none are made
};

// An entry on its way into a batch.
struct EntryTexts {
  std::string_view event;    // JSON
  std::string_view derived;  // JSON, or empty
  std::string_view input;    // verbatim, of any bytes: the entry's `original`; empty when the event says it all
  std::string_view event_id;
};

// Thread-safe, as its source of randomness is.
class Keeper {
 public:
  Keeper(KeeperOptions options, Random& random) : options_(options), random_(random) {}

  // Adds the entry to `batch`, with what is kept apart of it.
  //
  // Secrets are looked for in the event and in the input. A value of `attributes` or `changes` that is one becomes {"$sealed":…}.
  // One within a text (message, targets, changes, attributes, origin) is masked, "[sealed]", and the whole input, which is the
  // event itself where there is no other, becomes the sealed `original`. `derived` gets `redacted`, how many, and in `fields` the
  // members that were changed.
  //
  // kInvalid, with the batch unchanged, when there are secrets in an event that is no I-JSON.
  //
  // Length: what makes an entry longer than it may be moves out in this order: `original`, `message`, the largest attribute.
  // kTooLarge, with the batch unchanged, when that is not enough or one has more than attachment_bytes_max bytes.
  Status add(event::EntryBatch& batch, const EntryTexts& texts) const;

 private:
  KeeperOptions options_;
  Random& random_;
};

}  // namespace stele::apart
