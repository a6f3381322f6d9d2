#include "cli/statement_check.h"

#include <algorithm>

#include "cli/json.h"
#include "cli/text.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "merkle/levels.h"
#include "merkle/tile.h"
#include "sources/coverage.h"

namespace stele::cli {
namespace {

// The key under which the log itself says that it signs.
Result<std::string> own_key(Connection& connection, const std::string& log) {
  STELE_ASSIGN(const std::string body, connection.get("/api/v1/status"));
  event::JsonTape tape;
  STELE_TRY(parse_json(body, tape));
  std::string key;
  JsonValue(tape)["logs"].for_each([&](JsonValue one) {
    if (one["name"].text() == log) key = one["key"].text();
  });
  if (key.empty()) return Error{Code::kNotFound, "there is no log \"" + log + "\""};
  return key;
}

// Where two texts begin to differ, with what stands there.
std::string first_difference(std::string_view stated, std::string_view counted) {
  const auto at = static_cast<std::size_t>(std::mismatch(stated.begin(), stated.end(), counted.begin(), counted.end()).first -
                                           stated.begin());
  const std::size_t from = at > 60 ? at - 60 : 0;
  return "it states …" + std::string(stated.substr(from, 120)) + "…, the entries lead to …" +
         std::string(counted.substr(from, 120)) + "…";
}

}  // namespace

Result<std::string> check_statement(Connection& connection, const std::string& log, std::string_view note_text,
                                    const std::string& key) {
  STELE_ASSIGN(const merkle::Note note, merkle::parse_note(note_text, kStatementBytesMax));
  STELE_ASSIGN(const sources::StatementHead head, sources::parse_statement(note.text));
  std::string key_text = key;
  if (key.empty()) {
    STELE_ASSIGN(key_text, own_key(connection, log));
  }
  STELE_ASSIGN(const merkle::VerifierKey verifier, merkle::parse_verifier_key(key_text));
  if (verifier.name != head.origin)
    return corrupt("it is about the log " + head.origin + ", and the key is " + verifier.name + "'s");
  if (const Status verified = merkle::verify_note(note, verifier); !verified) return corrupt(verified.error().message);

  sources::Ledger ledger;
  sources::SightingReader reader;
  merkle::Levels levels;
  while (ledger.size() < head.tree_size) {
    const std::uint64_t first = ledger.size();
    const auto width = static_cast<unsigned>(std::min(head.tree_size - first, merkle::kTileWidth));
    const merkle::Tile tile{true, 0, first / merkle::kTileWidth, width};
    STELE_ASSIGN(const std::string bundle, connection.get("/log/" + url_encode(log) + "/" + merkle::tile_path(tile)));
    std::vector<Hash> leaves;
    STELE_TRY(event::for_each_entry(bundle, [&](std::string_view entry) {
      leaves.push_back(crypto::hash_leaf(as_byte_span(entry)));
      const auto sighting = reader.read(entry);
      if (sighting)
        ledger.observe(first + leaves.size() - 1, *sighting, entry);
      else
        ledger.skip(first + leaves.size() - 1);
    }));
    if (leaves.size() != width)
      return corrupt("the log gave " + std::to_string(leaves.size()) + " entries where there are " + std::to_string(width));
    levels.append(leaves);
    levels.drop_before(levels.size());
  }
  if (levels.root() != head.root)
    return corrupt("the log's first " + grouped(head.tree_size) + " entries are others than those it was made of");
  const std::string recounted = sources::statement_text(ledger, head);
  if (recounted != note.text) return corrupt(first_difference(note.text, recounted));
  return "The statement is signed by " + verifier.name + ", and " + counted(head.tree_size, "entry leads", "entries lead") +
         " to it, number by number.";
}

}  // namespace stele::cli
