// Statements, kept ledgers and registries of any bytes are read or refused; what is read comes out the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sources/coverage.h"
#include "sources/ledger_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace ss = stele::sources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto head = ss::parse_statement(text)) {
    const auto again = ss::parse_statement(ss::statement_text(ss::Ledger(), *head));
    if (!again || again->tree_size != head->tree_size || again->root != head->root) std::abort();
  }
  if (const auto kept = ss::LedgerFile::read(text)) {
    const auto again = ss::LedgerFile::read(ss::LedgerFile::write(kept->ledger, kept->place));
    if (!again) std::abort();
  }
  (void)ss::Registry::parse(std::string(text), "fuzz");
  (void)ss::parse_period(text, 0);
  return 0;
}
