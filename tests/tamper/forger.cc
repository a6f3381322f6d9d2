#include "tamper/forger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "crypto/sha256.h"
#include "event/entry.h"
#include "log/checkpoints.h"
#include "log/segment.h"
#include "log/tree_files.h"
#include "merkle/checkpoint.h"
#include "merkle/tree.h"

namespace stele::testing {
namespace {

std::vector<Hash> leaves_of(std::span<const std::string> entries) {
  std::vector<Hash> leaves;
  leaves.reserve(entries.size());
  for (const std::string& entry : entries) leaves.push_back(crypto::hash_leaf(as_byte_span(entry)));
  return leaves;
}

}  // namespace

std::string frame_bytes(log::FrameHeader header, std::string_view payload) {
  const std::array<ByteSpan, 1> parts{as_byte_span(payload)};
  header.payload_bytes = payload.size();
  header.payload_checksum = log::payload_checksum(parts);
  const log::FrameHeaderBytes head = log::encode_frame_header(header);
  std::string out(as_text(ByteSpan(head)));
  out += payload;
  out.resize(log::frame_extent(payload.size()), '\0');
  return out;
}

std::vector<FrameAt> frames_of(const SampleLog& log) {
  std::map<std::uint64_t, FrameAt> by_commit;
  for (const std::string& path : log.image.paths(log.dir + "/journal/")) {
    const ByteSpan bytes = as_byte_span(log.image.at(path));
    for (std::uint64_t at = 0; at + log::kFrameHeaderBytes <= bytes.size(); at += log::kFrameAlignment) {
      const auto header = log::decode_frame_header(bytes.subspan(at).first<log::kFrameHeaderBytes>(), log.identity.id);
      if (!header || header->end_index() <= log.sealed) continue;
      const auto known = by_commit.find(header->commit);
      if (known == by_commit.end() || known->second.header.epoch < header->epoch) by_commit[header->commit] = {path, at, *header};
    }
  }
  std::vector<FrameAt> out;
  for (const auto& [commit, frame] : by_commit) out.push_back(frame);
  return out;
}

Forger::Forger(const SampleLog& log) : log_(log), image_(log.image), entries_(log.entries) {}

void Forger::change_entry(std::uint64_t index) {
  std::string& entry = entries_.at(index);
  const std::size_t at = entry.find(R"("action":"a.b")");
  ASSERT_NE(at, std::string::npos);
  entry[at + 12] = 'c';
}

Hash Forger::root_at(std::uint64_t size) const { return merkle::root_of(leaves_of(std::span(entries_).first(size))); }

void Forger::rewrite_segments() {
  log::SegmentWriter writer(log_.identity.id);
  ImageFileSystem untouched(log_.image);
  for (const std::string& path : log_.image.paths(log_.dir + "/segments/")) {
    log::SegmentInfo info = log::SegmentReader::open(untouched, path, log_.identity.id).value()->info();
    const auto entries = std::span(entries_).subspan(info.first_index, info.count);
    if (std::equal(entries.begin(), entries.end(), log_.entries.begin() + static_cast<std::ptrdiff_t>(info.first_index)))
      continue;
    const std::vector<std::string_view> views(entries.begin(), entries.end());
    const auto leaves = leaves_of(entries);
    std::vector<Hash> roots;
    for (std::size_t at = 0; at < leaves.size(); at += log::kBundleEntries)
      roots.push_back(merkle::root_of(std::span(leaves).subspan(at, log::kBundleEntries)));
    info.received_last = event::read_received(entries.back()).value_or(0);
    image_.put(path, writer.encode(info, views, roots));
  }
}

void Forger::rewrite_tree() {
  std::vector<Hash> hashes = leaves_of(std::span(entries_).first(log_.sealed));
  for (unsigned level = 1; level <= log::TreeFiles::kLevelMax; ++level) {
    std::vector<Hash> above;
    for (std::size_t at = 0; at + 256 <= hashes.size(); at += 256)
      above.push_back(merkle::root_of(std::span(hashes).subspan(at, 256)));
    std::string content;
    for (const Hash& hash : above) content += as_text(hash);
    for (const bool copy : {false, true}) {
      const std::string path = log_.dir + "/tree/" + log::tree_file_name(level, copy);
      if (log_.image.has(path)) image_.put(path, content);
    }
    hashes = std::move(above);
  }
}

void Forger::rewrite_journal() {
  std::optional<Hash> previous;
  for (const FrameAt& frame : frames_of(log_)) {
    log::FrameHeader header = frame.header;
    if (previous) header.previous = *previous;
    header.root = root_at(header.end_index());
    const std::string bytes = frame_bytes(header, bundle_of(std::span(entries_).subspan(header.first_index, header.count)));
    std::string content = image_.at(frame.path);
    content.replace(frame.offset, bytes.size(), bytes);
    image_.put(frame.path, content);
    log::FrameHeaderBytes head{};
    std::memcpy(head.data(), bytes.data(), head.size());
    previous = log::frame_digest(head);
  }
}

void Forger::wipe_free_space() {
  const auto frames = frames_of(log_);
  for (const std::string& path : image_.paths(log_.dir + "/journal/")) {
    std::string content(image_.at(path).size(), '\0');
    for (const FrameAt& frame : frames) {
      const std::uint64_t size = log::frame_extent(frame.header.payload_bytes);
      if (frame.path == path) content.replace(frame.offset, size, image_.at(path), frame.offset, size);
    }
    image_.put(path, content);
  }
}

void Forger::sign_checkpoints(const merkle::NoteSigner& signer, std::uint64_t from) {
  const std::string path = log_.dir + "/checkpoints";
  const ByteSpan records = as_byte_span(log_.image.at(path));
  std::string content;
  for (std::size_t at = 0; at < records.size(); at += log::kCheckpointRecordBytes) {
    log::PublishedCheckpoint checkpoint =
        log::decode_checkpoint_record(records.subspan(at).first<log::kCheckpointRecordBytes>()).value();
    if (checkpoint.size >= from) {
      checkpoint.root = checkpoint.size == 0 ? merkle::empty_root() : root_at(checkpoint.size);
      const auto note =
          merkle::parse_note(signer.sign(merkle::Checkpoint{log_.identity.origin, checkpoint.size, checkpoint.root}.text()));
      std::memcpy(checkpoint.signature.data(), note.value().signatures.at(0).signature.data(), checkpoint.signature.size());
    }
    const auto record = log::encode_checkpoint_record(checkpoint);
    content += as_text(ByteSpan(record));
  }
  image_.put(path, content);
}

void Forger::replace_key(const merkle::NoteSigner& signer) {
  log::Identity identity = log_.identity;
  identity.key = signer.verifier();
  image_.put(log_.dir + "/log.json", log::identity_text(identity));
}

}  // namespace stele::testing
