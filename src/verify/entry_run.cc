#include "verify/entry_run.h"

#include <algorithm>

#include "apart/commitment.h"
#include "crypto/sha256.h"
#include "event/entry.h"
#include "event/internal_event.h"
#include "event/json_value.h"
#include "merkle/tile.h"

namespace stele::verify {
namespace {

using merkle::kTileWidth;

void check_received(std::string_view entry, std::uint64_t index, const std::string& where, EntryRun& run) {
  const auto received = event::read_received(entry);
  if (!received) {
    run.add("changed", where, "entry " + std::to_string(index) + " has no time of receipt in its place", index, index + 1);
    return;
  }
  if (run.received_last && *received < *run.received_last) {
    run.add("disorder", where, "entry " + std::to_string(index) + " was received before the one in front of it", index,
            index + 1);
  }
  if (!run.received_first) run.received_first = *received;
  run.received_last = *received;
}

void check_wanted(std::span<const Hash> leaves, std::uint64_t first, const Wanted& wanted, const std::string& where,
                  EntryRun& run) {
  auto it = std::lower_bound(wanted.leaves.begin(), wanted.leaves.end(), first,
                             [](const WantedLeaf& leaf, std::uint64_t index) { return leaf.index < index; });
  for (; it != wanted.leaves.end() && it->index < first + leaves.size(); ++it) {
    if (leaves[it->index - first] == it->leaf) continue;
    run.add("rewritten", where,
            "entry " + std::to_string(it->index) + " is not the one that " + (*wanted.anchors)[it->anchor].name + " is for",
            it->index, it->index + 1);
  }
}

// What the entry keeps apart, or says that was erased.
void note_apart(std::string_view entry, std::uint64_t index, ApartMentions& apart) {
  if (entry.find('$') != std::string_view::npos) {
    apart::for_each_commitment(entry, [&](const apart::CommitmentAt& at) {
      apart.mentions.push_back({at.commitment, index, at.bytes, at.kind});
    });
  }
  constexpr std::string_view kErased = R"("action":"stele.value.erased")";
  if (!entry.substr(event::kHeadBytes).starts_with(event::kInternalSource) || entry.find(kErased) == std::string_view::npos)
    return;
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(entry, {event::kEntryBytesMax, 64, 65'535}, error)) return;
  const event::JsonValue attributes = event::JsonValue(tape)["event"]["attributes"];
  const auto commitment = base64_decode_hash(attributes["commitment"].text());
  const bool sealed = attributes["kind"].text() == "sealed";
  if (commitment)
    apart.erasures.push_back({*commitment, index, 0, sealed ? event::ApartKind::kSealed : event::ApartKind::kAttachment});
}

}  // namespace

void ApartMentions::add(ApartMentions other) {
  mentions.insert(mentions.end(), other.mentions.begin(), other.mentions.end());
  erasures.insert(erasures.end(), other.erasures.begin(), other.erasures.end());
}

Status hash_entries(std::string_view bytes, std::uint64_t first, const Wanted& wanted, const std::string& where, EntryRun& run,
                    std::vector<Hash>* leaves_out) {
  std::vector<ByteSpan> entries;
  STELE_TRY(event::for_each_entry(bytes, [&](std::string_view entry) { entries.push_back(as_byte_span(entry)); }));
  std::vector<Hash> leaves(entries.size());
  crypto::hash_leaves(entries, leaves.data());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    check_received(as_text(entries[i]), first + i, where, run);
    note_apart(as_text(entries[i]), first + i, run.apart);
    run.entry_bytes += entries[i].size();
  }
  check_wanted(leaves, first, wanted, where, run);
  for (std::size_t at = 0; at < leaves.size(); at += kTileWidth) {
    const std::span<const Hash> bundle = std::span(leaves).subspan(at, std::min<std::size_t>(kTileWidth, leaves.size() - at));
    run.bundles.push_back(hash_bundle(first + at, bundle, wanted.sizes));
  }
  if (leaves_out != nullptr) *leaves_out = std::move(leaves);
  return {};
}

}  // namespace stele::verify
