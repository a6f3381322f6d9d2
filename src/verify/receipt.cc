#include "verify/receipt.h"

#include <map>

#include "event/json_tape.h"

namespace stele::verify {
namespace {

using event::JsonNode;
using event::JsonTape;
using event::JsonType;

constexpr event::JsonLimits kLimits{256U << 20, 16, 4'000'000};

// The child of object `at` named `name`; 0 when absent.
std::uint32_t member(const JsonTape& tape, std::uint32_t at, std::string_view name) {
  std::uint32_t found = 0;
  tape.for_each_child(at, [&](std::uint32_t child) {
    if (tape.key(tape.nodes()[child]) == name) found = child;
  });
  return found;
}

std::string text(const JsonTape& tape, std::uint32_t at) {
  std::string scratch;
  if (at == 0 || tape.nodes()[at].type != JsonType::kString) return {};
  return std::string(tape.string(tape.nodes()[at], scratch));
}

Result<Hash> hash(const JsonTape& tape, std::uint32_t at) {
  const auto decoded = base64_decode_hash(text(tape, at));
  if (!decoded) return invalid("a hash at " + tape.path(at) + " is not the base64 of 32 bytes");
  return *decoded;
}

Result<std::uint64_t> number(const JsonTape& tape, std::uint32_t at) {
  const auto value = at == 0 ? std::nullopt : parse_decimal(tape.raw(tape.nodes()[at]));
  if (!value) return invalid("the receipt lacks a number where one is needed");
  return *value;
}

Result<ReceiptRange> read_range(const JsonTape& tape, std::uint32_t at) {
  ReceiptRange range;
  STELE_ASSIGN(range.first, number(tape, member(tape, at, "first")));
  STELE_ASSIGN(range.count, number(tape, member(tape, at, "count")));
  const std::uint32_t proof = member(tape, at, "proof");
  if (proof == 0) return invalid("a range of the receipt has no proof");
  Status status;
  tape.for_each_child(proof, [&](std::uint32_t child) {
    auto one = hash(tape, child);
    if (one)
      range.proof.push_back(*one);
    else
      status = one.error();
  });
  STELE_TRY(status);
  return range;
}

// Leaves from the results of an answer: by index, since the ranges are in order of index.
Result<std::vector<Hash>> leaves_of_results(const JsonTape& tape, std::uint32_t results) {
  std::map<std::uint64_t, Hash> by_index;
  Status status;
  tape.for_each_child(results, [&](std::uint32_t child) {
    const std::uint32_t leaf = member(tape, child, "leaf");
    if (leaf == 0) return;  // a refused event
    auto index = number(tape, member(tape, child, "index"));
    auto one = hash(tape, leaf);
    if (index && one)
      by_index[*index] = *one;
    else
      status = !index ? index.error() : one.error();
  });
  STELE_TRY(status);
  std::vector<Hash> leaves;
  for (const auto& [index, leaf] : by_index) leaves.push_back(leaf);
  return leaves;
}

}  // namespace

Result<Receipt> parse_receipt(std::string_view json) {
  JsonTape tape;
  event::JsonError error;
  if (!tape.parse(json, kLimits, error)) return invalid("the receipt is not JSON: " + error.message);
  if (tape.nodes()[0].type != JsonType::kObject) return invalid("a receipt is a JSON object");
  std::uint32_t at = 0;
  Receipt receipt;
  if (const std::uint32_t inner = member(tape, 0, "receipt"); inner != 0) {
    at = inner;
    if (const std::uint32_t results = member(tape, 0, "results"); results != 0) {
      STELE_ASSIGN(receipt.leaves, leaves_of_results(tape, results));
    }
  }
  const std::uint32_t version = member(tape, at, "stele_receipt");
  if (version == 0 || tape.raw(tape.nodes()[version]) != "1") return invalid("this is no receipt of version 1");
  receipt.log = text(tape, member(tape, at, "log"));
  receipt.checkpoint = text(tape, member(tape, at, "checkpoint"));
  const std::uint32_t ranges = member(tape, at, "ranges");
  if (ranges == 0) return invalid("the receipt has no ranges");
  Status status;
  tape.for_each_child(ranges, [&](std::uint32_t child) {
    auto range = read_range(tape, child);
    if (range)
      receipt.ranges.push_back(std::move(*range));
    else
      status = range.error();
  });
  STELE_TRY(status);
  if (const std::uint32_t leaves = member(tape, at, "leaves"); leaves != 0) {
    receipt.leaves.clear();
    tape.for_each_child(leaves, [&](std::uint32_t child) {
      auto one = hash(tape, child);
      if (one)
        receipt.leaves.push_back(*one);
      else
        status = one.error();
    });
    STELE_TRY(status);
  }
  return receipt;
}

Status verify_receipt(const Receipt& receipt, const Options& options, Report& report) {
  STELE_ASSIGN(const merkle::Note note, merkle::parse_note(receipt.checkpoint));
  STELE_ASSIGN(const merkle::Checkpoint checkpoint, merkle::parse_checkpoint(note.text));
  report.origin = checkpoint.origin;
  report.root = checkpoint.root;
  if (checkpoint.origin != receipt.log)
    report.add("forged", "receipt", "it names log " + receipt.log + ", its checkpoint is of " + checkpoint.origin);
  if (options.key) {
    const Status valid = merkle::verify_note(note, *options.key);
    if (!valid)
      report.add("forged", "receipt", valid.error().message);
    else
      report.anchors.push_back("the key " + options.key->text());
    ++report.checkpoints;
  } else {
    report.uncovered.push_back("the checkpoint's signature: no --key was given");
  }
  if (receipt.leaves.empty())
    return invalid("the receipt has no leaves: keep the whole answer of the server, or ask for results=full");
  std::uint64_t used = 0;
  for (const ReceiptRange& range : receipt.ranges) {
    const std::string where = "entries " + std::to_string(range.first) + " to " + std::to_string(range.first + range.count);
    if (range.count > receipt.leaves.size() - used) return invalid("the receipt has fewer leaves than its ranges");
    const std::span<const Hash> leaves = std::span(receipt.leaves).subspan(used, range.count);
    used += range.count;
    report.entries += range.count;
    const Status valid = merkle::verify_range(range.first, leaves, checkpoint.size, range.proof, checkpoint.root);
    if (!valid) report.add("rewritten", where, valid.error().message);
  }
  if (used != receipt.leaves.size()) return invalid("the receipt has more leaves than its ranges");
  return {};
}

}  // namespace stele::verify
