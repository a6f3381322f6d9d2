// Receipts, checked alone: no log, no server (docs/formats/receipt.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "merkle/tree.h"
#include "verify/report.h"

namespace stele::verify {

struct ReceiptRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  merkle::Proof proof;
};

struct Receipt {
  std::string name = "receipt";  // for people: the file it came from
  std::string log;
  std::string checkpoint;
  std::vector<ReceiptRange> ranges;
  std::vector<Hash> leaves;  // of the ranges, in order
  // Where the answer that it came in says two things at once: sentences.
  std::vector<std::string> contradictions;
};

// Reads a receipt with its leaves, or the whole answer of the server that holds both. kInvalid otherwise.
Result<Receipt> parse_receipt(std::string_view json);

// Checks every range against the checkpoint, and its signature when a key is known. What is wrong is in `report`; the ranges
// of a receipt without leaves are named there as not covered. kInvalid when the receipt cannot be checked at all.
Status verify_receipt(const Receipt& receipt, const Options& options, Report& report);

// The receipt as a state that the log must contain.
Anchor anchor_of(const Receipt& receipt);

}  // namespace stele::verify
