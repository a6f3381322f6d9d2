// Receipts of any bytes, and true ones that were changed: whatever is accepted under the log's key says the truth. Its
// checkpoint is one that was signed, and each leaf is the one that stands at its index.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "merkle/checkpoint.h"
#include "support/naive_tree.h"
#include "verify/receipt.h"

namespace {

using namespace stele;

constexpr std::size_t kSizeMax = 21;
constexpr std::string_view kOrigin = "log.example/fuzz";

void require(bool holds) {
  if (!holds) std::abort();
}

// A log of which every size was signed.
struct Log {
  Log() : leaves(testing::numbered_leaves(kSizeMax)) {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(7);
    const merkle::NoteSigner signer(std::string(kOrigin), std::move(*crypto::SigningKey::from_seed(seed)));
    options.key = signer.verifier();
    for (std::size_t size = 0; size <= kSizeMax; ++size) {
      const merkle::Checkpoint checkpoint{std::string(kOrigin), size, testing::naive_root(testing::Leaves(leaves).first(size))};
      notes.push_back(signer.sign(checkpoint.text()));
    }
  }
  std::vector<Hash> leaves;
  std::vector<std::string> notes;  // by size
  verify::Options options;
};

const Log& the_log() {
  static const Log log;
  return log;
}

// What was signed, without the signatures that anyone may add.
std::string_view text_of(std::string_view note) { return note.substr(0, note.find("\n\n") + 1); }

// Whether it is accepted; then it must be true.
bool check(std::string_view json) {
  const Log& log = the_log();
  const auto receipt = verify::parse_receipt(json);
  if (!receipt) return false;
  verify::Report report;
  if (!verify::verify_receipt(*receipt, log.options, report) || !report.intact()) return false;
  require(receipt->log == kOrigin);
  const auto checkpoint = merkle::open_checkpoint(receipt->checkpoint, *log.options.key);
  require(checkpoint.ok() && checkpoint->size <= kSizeMax);
  require(text_of(receipt->checkpoint) == text_of(log.notes[checkpoint->size]));
  if (receipt->leaves.empty()) {
    for (const verify::ReceiptRange& range : receipt->ranges) require(range.first + range.count <= checkpoint->size);
    return true;
  }
  const verify::Anchor anchor = verify::anchor_of(*receipt);
  require(!anchor.leaves.empty() && anchor.leaves.size() == report.entries && anchor.leaves.size() == receipt->leaves.size());
  for (const auto& [index, leaf] : anchor.leaves) require(index < checkpoint->size && leaf == log.leaves[index]);
  return true;
}

void append_hash(std::string& out, const Hash& hash) {
  out += out.back() == '[' ? "\"" : ",\"";
  base64_append(out, as_byte_span(hash));
  out += '"';
}

// What a server would hand out for two runs of entries; as its whole answer, or with the leaves in the receipt.
std::string true_receipt(std::size_t size, std::size_t first, std::size_t count, bool whole_answer) {
  const Log& log = the_log();
  const auto tree = testing::Leaves(log.leaves).first(size);
  std::string ranges;
  std::string results;
  std::string leaves = "[";
  const auto add = [&](std::size_t from, std::size_t to) {
    ranges += (ranges.empty() ? "{\"first\":" : ",{\"first\":") + std::to_string(from) +
              ",\"count\":" + std::to_string(to - from) + ",\"proof\":[";
    for (const Hash& hash : testing::naive_range(from, to, 0, tree)) append_hash(ranges, hash);
    ranges += "]}";
    for (std::size_t i = from; i < to; ++i) {
      append_hash(leaves, log.leaves[i]);
      results += (results.empty() ? "{\"index\":" : ",{\"index\":") + std::to_string(i) + ",\"leaf\":\"";
      base64_append(results, as_byte_span(log.leaves[i]));
      results += "\",\"entry\":\"leaf-" + std::to_string(i) + "\"}";
    }
  };
  add(first, first + count);
  if (first + count + 1 < size) add(first + count + 1, size);
  std::string out = "{\"stele_receipt\":1,\"log\":\"" + std::string(kOrigin) + "\",\"checkpoint\":";
  append_json_string(out, log.notes[size]);
  out += ",\"ranges\":[" + ranges + "]";
  return whole_answer ? "{\"results\":[" + results + "],\"receipt\":" + out + "}}" : out + ",\"leaves\":" + leaves + "]}";
}

// Changes of three bytes each: where, and what.
void change(std::string& text, std::string_view program) {
  for (; program.size() >= 3 && !text.empty(); program.remove_prefix(3)) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(program[i]); };
    const std::size_t at = (byte(0) | static_cast<std::size_t>(byte(1) & 0x1fU) << 8) % text.size();
    switch (byte(1) >> 5U) {
      case 0: text[at] = program[2]; break;
      case 1: text.insert(at, 1, program[2]); break;
      case 2: text.erase(at, byte(2) % 64U); break;
      case 3: text[at] = static_cast<char>(text[at] ^ 1 << byte(2) % 8U); break;
      case 4: std::swap(text[at], text[(at + byte(2)) % text.size()]); break;
      case 5: text.insert(at, text.substr(at, byte(2))); break;
      case 6: text.insert(text.size() / 256 * byte(2), text.substr(at, 47)); break;  // a hash and its comma
      default: text[at] = static_cast<char>('0' + byte(2) % 10U); break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('{')) {
    check(input);
    return 0;
  }
  if (size < 3) return 0;
  const std::size_t tree = data[0] % kSizeMax + 1;
  const std::size_t first = data[1] % tree;
  const std::size_t count = data[2] / 2U % (tree - first) + 1;
  std::string text = true_receipt(tree, first, count, data[2] % 2U == 0);
  require(check(text));
  change(text, input.substr(3));
  check(text);
  return 0;
}
