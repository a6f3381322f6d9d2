// stele proof: a receipt's proof of one entry as a C2SP tlog-proof, without asking the log.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/flags.h"
#include "io/file.h"
#include "merkle/checkpoint.h"
#include "verify/receipt.h"

namespace stele::cli {
namespace {

constexpr std::uint64_t kFileBytesMax = 256U << 20;

struct Options {
  std::string receipt;
  std::optional<std::uint64_t> index;
};

Result<std::string> convert(const Options& options) {
  STELE_ASSIGN(const std::string text, io::read_file(io::posix(), options.receipt, kFileBytesMax));
  STELE_ASSIGN(const verify::Receipt receipt, verify::parse_receipt(text));
  STELE_ASSIGN(const merkle::Note note, merkle::parse_note(receipt.checkpoint));
  STELE_ASSIGN(const merkle::Checkpoint checkpoint, merkle::parse_checkpoint(note.text));
  if (receipt.ranges.empty()) return invalid("the receipt proves no entry");
  const std::uint64_t index = options.index.value_or(receipt.ranges.front().first);
  std::size_t at = 0;
  for (const verify::ReceiptRange& range : receipt.ranges) {
    if (range.count > receipt.leaves.size() - at)
      return invalid("the receipt has fewer leaves than its ranges; keep the whole answer");
    const auto leaves = std::span(receipt.leaves).subspan(at, range.count);
    at += range.count;
    if (index < range.first || index - range.first >= range.count) continue;
    merkle::ProofFile file{index, {}, receipt.checkpoint};
    STELE_ASSIGN(file.proof, merkle::inclusion_from_range(range.first, leaves, checkpoint.size, range.proof, index));
    STELE_TRY(merkle::verify_inclusion(index, leaves[index - range.first], checkpoint.size, file.proof, checkpoint.root));
    return file.text();
  }
  return invalid("the receipt says nothing about entry " + std::to_string(index));
}

int proof_command(const Options& options) {
  const auto text = convert(options);
  if (!text) {
    fmt::print(stderr, "stele proof: {}: {}\n", options.receipt, text.error().message);
    return kCouldNot;
  }
  fmt::print("{}", *text);
  return kDone;
}

}  // namespace

void add_proof(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("proof", "Turn a receipt into the tlog-proof of one of its entries, offline.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  command.add_option("receipt", options->receipt, "The server's answer, or a receipt with its leaves.").required();
  command.add_option("index", options->index, "Which entry; the receipt's first when left out.").whole_number();
  command.footer("Example: stele proof receipt.json 812 > entry-812.tlog-proof");
  command.callback([options, &exit_code] { exit_code = proof_command(*options); });
}

}  // namespace stele::cli
