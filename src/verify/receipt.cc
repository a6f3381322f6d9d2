#include "verify/receipt.h"

#include <map>

#include "crypto/sha256.h"
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

// Leaves from the results of an answer, by index.
Result<std::map<std::uint64_t, Hash>> leaves_of_results(const JsonTape& tape, std::uint32_t results, Receipt& receipt) {
  std::map<std::uint64_t, Hash> by_index;
  Status status;
  tape.for_each_child(results, [&](std::uint32_t child) {
    const std::uint32_t leaf = member(tape, child, "leaf");
    if (leaf == 0) return;  // a refused event
    auto index = number(tape, member(tape, child, "index"));
    auto one = hash(tape, leaf);
    if (!index || !one) {
      status = !index ? index.error() : one.error();
      return;
    }
    const std::string what = "entry " + std::to_string(*index) + " of the answer";
    const std::uint32_t entry = member(tape, child, "entry");
    if (entry != 0 && crypto::hash_leaf(as_byte_span(text(tape, entry))) != *one)
      receipt.contradictions.push_back(what + " is not the one that its leaf is for");
    const auto [place, added] = by_index.emplace(*index, *one);
    if (!added && place->second != *one) receipt.contradictions.push_back(what + " has two leaves");
  });
  STELE_TRY(status);
  return by_index;
}

// Gives each index of the ranges its leaf, and each leaf an index.
Status place_leaves(const std::map<std::uint64_t, Hash>& by_index, Receipt& receipt) {
  std::uint64_t placed = 0;
  for (const ReceiptRange& range : receipt.ranges) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      const auto it = by_index.find(range.first + i);
      if (it == by_index.end())
        return invalid("the answer has no leaf for entry " + std::to_string(range.first + i) + ", which the receipt proves");
      receipt.leaves.push_back(it->second);
      if (++placed > by_index.size()) return invalid("the receipt's ranges overlap");
    }
  }
  if (placed != by_index.size()) receipt.contradictions.emplace_back("the answer has leaves that the receipt does not prove");
  return {};
}

template <typename T, typename Read>
Status read_list(const JsonTape& tape, std::uint32_t at, std::vector<T>& out, Read read) {
  Status status;
  tape.for_each_child(at, [&](std::uint32_t child) {
    auto one = read(tape, child);
    if (one)
      out.push_back(std::move(*one));
    else
      status = one.error();
  });
  return status;
}

}  // namespace

Result<Receipt> parse_receipt(std::string_view json) {
  JsonTape tape;
  event::JsonError error;
  if (!tape.parse(json, kLimits, error)) return invalid("the receipt is not JSON: " + error.message);
  if (tape.nodes()[0].type != JsonType::kObject) return invalid("a receipt is a JSON object");
  const std::uint32_t at = member(tape, 0, "receipt");  // of a whole answer; else 0, the receipt itself
  const std::uint32_t version = member(tape, at, "stele_receipt");
  if (version == 0 || tape.raw(tape.nodes()[version]) != "1") return invalid("this is no receipt of version 1");
  Receipt receipt;
  receipt.log = text(tape, member(tape, at, "log"));
  receipt.checkpoint = text(tape, member(tape, at, "checkpoint"));
  const std::uint32_t ranges = member(tape, at, "ranges");
  if (ranges == 0) return invalid("the receipt has no ranges");
  STELE_TRY(read_list(tape, ranges, receipt.ranges, read_range));
  if (const std::uint32_t results = at == 0 ? 0 : member(tape, 0, "results"); results != 0) {
    STELE_ASSIGN(const auto by_index, leaves_of_results(tape, results, receipt));
    STELE_TRY(place_leaves(by_index, receipt));
  }
  if (const std::uint32_t leaves = member(tape, at, "leaves"); leaves != 0) {
    std::vector<Hash> own;
    STELE_TRY(read_list(tape, leaves, own, hash));
    if (!receipt.leaves.empty() && receipt.leaves != own)
      receipt.contradictions.emplace_back("the receipt's leaves are not those of the answer");
    receipt.leaves = std::move(own);
  }
  return receipt;
}

Status verify_receipt(const Receipt& receipt, const Options& options, Report& report) {
  STELE_ASSIGN(const merkle::Note note, merkle::parse_note(receipt.checkpoint));
  STELE_ASSIGN(const merkle::Checkpoint checkpoint, merkle::parse_checkpoint(note.text));
  report.origin = checkpoint.origin;
  report.root = checkpoint.root;
  for (const std::string& sentence : receipt.contradictions) report.add("rewritten", receipt.name, sentence);
  if (checkpoint.origin != receipt.log)
    report.add("forged", receipt.name, "it names log " + receipt.log + ", its checkpoint is of " + checkpoint.origin);
  if (options.key) {
    const auto opened = merkle::open_checkpoint(receipt.checkpoint, *options.key);
    if (!opened)
      report.add("forged", receipt.name, opened.error().message);
    else
      report.anchors.push_back("the key " + options.key->text());
    ++report.checkpoints;
  } else {
    report.leave(receipt.name, "the checkpoint's signature: no --key was given");
  }
  if (receipt.leaves.empty()) {
    for (const ReceiptRange& range : receipt.ranges) {
      if (range.count == 0 || range.first >= checkpoint.size || range.count > checkpoint.size - range.first)
        report.add("rewritten", receipt.name,
                   "it names entries that its checkpoint of size " + std::to_string(checkpoint.size) + " does not cover");
    }
    report.leave(receipt.name, "its ranges: it has no leaves, as the answer to results=range has none; its checkpoint counts");
    return {};
  }
  std::uint64_t used = 0;
  for (const ReceiptRange& range : receipt.ranges) {
    if (range.count > receipt.leaves.size() - used) return invalid(receipt.name + ": fewer leaves than its ranges have");
    const std::span<const Hash> leaves = std::span(receipt.leaves).subspan(used, range.count);
    used += range.count;
    report.entries += range.count;
    const Status valid = merkle::verify_range(range.first, leaves, checkpoint.size, range.proof, checkpoint.root);
    if (!valid) {
      const std::uint64_t end = range.first + range.count;
      report.add("rewritten", receipt.name, entries_text(range.first, end) + ": " + valid.error().message, range.first, end);
    }
  }
  if (used != receipt.leaves.size()) return invalid(receipt.name + ": more leaves than its ranges have");
  return {};
}

Anchor anchor_of(const Receipt& receipt) {
  Anchor anchor{receipt.name, receipt.checkpoint, {}};
  std::size_t at = 0;
  for (const ReceiptRange& range : receipt.ranges) {
    for (std::uint64_t i = 0; i < range.count && at < receipt.leaves.size(); ++i)
      anchor.leaves.emplace_back(range.first + i, receipt.leaves[at++]);
  }
  return anchor;
}

}  // namespace stele::verify
