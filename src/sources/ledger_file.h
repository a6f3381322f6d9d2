// A ledger kept between starts, so that a start need not read the whole log: derived, and made anew when it is not there.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sources/ledger.h"

namespace stele::sources {

// What a kept ledger belongs to: the log, and the last entry that it counts.
struct LedgerPlace {
  std::string log_id;  // hex
  std::uint64_t size = 0;
  Hash last_leaf{};  // of entry size - 1
};

class LedgerFile {
 public:
  static constexpr std::size_t kBytesMax = 256U << 20;

  // The file's content: one JSON object and a newline.
  static std::string write(const Ledger& ledger, const LedgerPlace& place);

  struct Read {
    Ledger ledger;
    LedgerPlace place;
  };
  // kCorrupt when it is not what write() made, or was altered: the ledger is then made anew.
  static Result<Read> read(std::string_view content);
};

}  // namespace stele::sources
