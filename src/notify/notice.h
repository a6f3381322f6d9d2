// What a person should hear of, as a value; and as JSON (docs/formats/notification.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/json_value.h"

namespace stele::notify {

// The longest JSON of a notice: an entry's bytes at most become one, escaped no further.
inline constexpr std::size_t kNoticeBytesMax = 128U << 10;

struct Notice {
  struct Detail {
    std::string name;
    std::string json;  // the value as JSON text
  };

  std::string id;  // the same for the same notice, whenever it is made: the entry's id, or one that notice_id() made
  std::string kind;
  std::string severity;      // as event::severities() lists them
  std::string subject_type;  // "source", "log", "disk"; empty, like the next, when it is about nothing in particular
  std::string subject;
  std::string message;  // one plain sentence
  std::vector<Detail> details;
  UnixNanos time = 0;
  std::string log;                     // the origin of the log that it is about
  std::optional<std::uint64_t> index;  // of the entry that says so; none when no entry could be written
  std::uint64_t more = 0;              // earlier notices of this kind and subject that this one stands for as well
  UnixNanos since = 0;                 // when the first of them was; with `more` only

  friend bool operator==(const Notice& a, const Notice& b) { return a.id == b.id && a.more == b.more; }
};

// An id for a notice that stands in no entry, made of its kind, subject and time.
std::string notice_id(const Notice& notice);

// The notice as one JSON object. Texts that are not UTF-8 are made readable.
std::string notice_json(const Notice& notice);
// Reads what notice_json() wrote; kInvalid for anything else.
Result<Notice> read_notice(event::JsonValue json);

// The actions of entries that notify, all of the form "stele.<kind>".
std::span<const std::string_view> notifying_actions();

// The notice in an entry, or nothing when it is about nothing that notifies. kCorrupt when it claims to be Stele's and is not of
// its form. `log` is the origin of the log in which it has this index.
Result<std::optional<Notice>> notice_of_entry(std::string_view entry, std::uint64_t index, std::string_view log);

}  // namespace stele::notify
