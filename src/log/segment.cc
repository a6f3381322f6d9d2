#include "log/segment.h"

#define ZDICT_STATIC_LINKING_ONLY
#define ZSTD_STATIC_LINKING_ONLY
#include <xxhash.h>
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <mutex>

#include "event/entry.h"
#include "log/block.h"

namespace stele::log {
namespace {

constexpr std::string_view kMagic = "STELESEG";
constexpr std::string_view kEndMagic = "STELEEND";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kTrailerBytes = 128;
constexpr std::uint64_t kFileBytesMax = std::uint64_t{5} << 30;
constexpr std::uint32_t kDictionaryBytesMax = 1U << 20;
constexpr std::size_t kBlockBodyBytesMax = kBlockEntries * (event::kEntryBytesMax + 16);

constexpr int kCompressionLevel = 1;
// A dictionary pays from this much text on; it is trained anew when it has come to fit this much worse.
constexpr std::size_t kDictionaryFromBytes = 1U << 20;
constexpr std::size_t kDictionaryBytes = 32U << 10;
constexpr std::size_t kSampleBytes = 1U << 20;  // four times as much gains a quarter of a percent, and takes four times as long
constexpr double kWorseBy = 1.1;

// Header fields.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kHeaderBytesAt = 10;
constexpr std::size_t kLogIdAt = 16;
constexpr std::size_t kFirstIndexAt = 32;
constexpr std::size_t kCountAt = 40;
constexpr std::size_t kBlockEntriesAt = 44;
constexpr std::size_t kDictionaryBytesAt = 48;

// Trailer fields.
constexpr std::size_t kFooterAtAt = 0;
constexpr std::size_t kReceivedLastAt = 8;
constexpr std::size_t kCommitAt = 16;
constexpr std::size_t kCommitDigestAt = 24;
constexpr std::size_t kIndexChecksumAt = 104;  // header, dictionary, footer and the trailer up to here
constexpr std::size_t kFileChecksumAt = 112;   // every byte before it
constexpr std::size_t kEndMagicAt = 120;

std::span<const std::string_view> block_from(std::span<const std::string_view> entries, std::size_t from) {
  return entries.subspan(from, std::min<std::size_t>(kBlockEntries, entries.size() - from));
}

constexpr std::uint32_t blocks_of(std::uint32_t count) { return (count + kBlockEntries - 1) / kBlockEntries; }

std::uint64_t index_checksum(std::string_view header, std::string_view dictionary, std::string_view footer,
                             std::string_view trailer) {
  const std::array<ByteSpan, 4> parts{as_byte_span(header), as_byte_span(dictionary), as_byte_span(footer),
                                      as_byte_span(trailer.substr(0, kIndexChecksumAt))};
  return payload_checksum(parts);
}

// Whole bundles of one level-1 tile.
bool in_one_tile(std::uint64_t first_index, std::uint32_t count) {
  return count > 0 && count % kBundleEntries == 0 && first_index % kBundleEntries == 0 && count <= kSegmentEntriesMax &&
         first_index < std::uint64_t{1} << 62 &&
         first_index / kSegmentEntriesMax == (first_index + count - 1) / kSegmentEntriesMax;
}

bool plausible(const SegmentInfo& info, std::uint32_t block_entries, std::uint32_t dictionary_bytes) {
  return in_one_tile(info.first_index, info.count) && block_entries == kBlockEntries && dictionary_bytes <= kDictionaryBytesMax;
}

}  // namespace

std::string segment_name(std::uint64_t first_index, std::uint32_t count) {
  return zero_padded(first_index, 20) + "-" + std::to_string(count) + ".segment";
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".segment";
  if (!name.ends_with(kSuffix) || name.size() < 22 + kSuffix.size() || name[20] != '-') return std::nullopt;
  const auto first = parse_zero_padded(name.substr(0, 20));
  const auto count = parse_decimal(name.substr(21, name.size() - 21 - kSuffix.size()));
  if (!first || !count || *count == 0 || *count > kSegmentEntriesMax) return std::nullopt;
  const SegmentName segment{*first, static_cast<std::uint32_t>(*count)};
  if (!in_one_tile(segment.first_index, segment.count) || segment_name(segment.first_index, segment.count) != name)
    return std::nullopt;
  return segment;
}

struct SegmentWriter::State {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)> dictionary{nullptr, &ZSTD_freeCDict};
  std::string dictionary_bytes;
  double ratio = 0;  // compressed by raw, when the dictionary was new

  void train(std::span<const std::string_view> entries, std::size_t bytes);
  std::string room;  // for one compressed block
  std::string_view compress(std::string_view body, bool with_dictionary);
};

// `bytes` are those of the entries, of whose blocks some are taken as samples.
void SegmentWriter::State::train(std::span<const std::string_view> entries, std::size_t bytes) {
  const std::size_t stride = std::max<std::size_t>(1, bytes / kSampleBytes) * kBlockEntries;
  std::string samples;
  std::vector<std::size_t> sizes;
  std::string heads;
  for (std::size_t from = 0; from < entries.size(); from += stride) {
    const std::size_t before = samples.size();
    split_entries(block_from(entries, from), heads, samples);
    sizes.push_back(samples.size() - before);
  }
  std::string trained(kDictionaryBytes, '\0');
  ZDICT_fastCover_params_t params{};
  params.k = 1024;
  params.d = 8;
  params.f = 20;
  params.accel = 4;
  params.zParams.compressionLevel = kCompressionLevel;
  const std::size_t size = ZDICT_trainFromBuffer_fastCover(trained.data(), trained.size(), samples.data(), sizes.data(),
                                                           static_cast<unsigned>(sizes.size()), params);
  ratio = 0;
  dictionary.reset();
  dictionary_bytes.clear();
  if (ZDICT_isError(size) != 0) return;  // too uniform or too few samples: without one, then
  trained.resize(size);
  dictionary_bytes = std::move(trained);
  dictionary.reset(ZSTD_createCDict(dictionary_bytes.data(), dictionary_bytes.size(), kCompressionLevel));
}

// Valid until the next call.
std::string_view SegmentWriter::State::compress(std::string_view body, bool with_dictionary) {
  const std::size_t bound = ZSTD_compressBound(body.size());
  if (room.size() < bound) room.resize(bound);
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_dictIDFlag, 0);
  // For blocks of this size zstd would copy the dictionary's tables, which takes a fifth of the time.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_forceAttachDict, ZSTD_dictForceAttach);
  if (with_dictionary) ZSTD_CCtx_refCDict(context.get(), dictionary.get());
  const std::size_t size = ZSTD_compress2(context.get(), room.data(), room.size(), body.data(), body.size());
  assert(ZSTD_isError(size) == 0);
  return std::string_view(room).substr(0, size);
}

SegmentWriter::SegmentWriter(LogId log_id) : state_(std::make_unique<State>()), log_id_(log_id) {}
SegmentWriter::~SegmentWriter() = default;
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter& SegmentWriter::operator=(SegmentWriter&&) noexcept = default;

std::string SegmentWriter::encode(const SegmentInfo& info, std::span<const std::string_view> entries,
                                  std::span<const Hash> bundle_roots, const std::function<void()>& breathe) {
  assert(entries.size() == info.count && bundle_roots.size() == info.count / kBundleEntries);
  std::size_t entry_bytes = 0;
  for (const std::string_view entry : entries) entry_bytes += entry.size();
  const bool with_dictionary = entry_bytes >= kDictionaryFromBytes;
  if (with_dictionary && state_->dictionary == nullptr) state_->train(entries, entry_bytes);
  const bool used = with_dictionary && state_->dictionary != nullptr;

  std::string out(kHeaderBytes, '\0');
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store_le<std::uint16_t>(&out[kVersionAt], kVersion);
  store_le<std::uint16_t>(&out[kHeaderBytesAt], kHeaderBytes);
  std::memcpy(&out[kLogIdAt], log_id_.data(), log_id_.size());
  store_le(&out[kFirstIndexAt], info.first_index);
  store_le(&out[kCountAt], info.count);
  store_le(&out[kBlockEntriesAt], kBlockEntries);
  const std::string dictionary = used ? state_->dictionary_bytes : std::string();
  store_le(&out[kDictionaryBytesAt], static_cast<std::uint32_t>(dictionary.size()));
  const std::string header = out;
  out.reserve(entry_bytes / 4 + dictionary.size());
  out += dictionary;

  std::string footer;
  for (const Hash& root : bundle_roots) footer += as_text(root);
  std::size_t raw = 0;
  std::size_t compressed = 0;
  std::string heads;
  std::string body;
  for (std::size_t from = 0; from < entries.size(); from += kBlockEntries) {
    heads.clear();
    body.clear();
    split_entries(block_from(entries, from), heads, body);
    const std::string_view block = state_->compress(body, used);
    raw += body.size();
    compressed += block.size();
    char size[4];
    store_le(size, static_cast<std::uint32_t>(2 + heads.size() + block.size()));
    footer.append(size, sizeof size);
    store_le(size, static_cast<std::uint16_t>(heads.size()));
    out.append(size, 2);
    out += heads;
    out += block;
    breathe();
  }
  if (used) {
    const double ratio = static_cast<double>(compressed) / static_cast<double>(raw);
    if (state_->ratio == 0) state_->ratio = ratio;
    if (ratio > state_->ratio * kWorseBy) state_->dictionary.reset();  // the next segment trains its own
  }

  std::string trailer(kTrailerBytes, '\0');
  store_le(&trailer[kFooterAtAt], static_cast<std::uint64_t>(out.size()));
  store_le(&trailer[kReceivedLastAt], info.received_last);
  store_le(&trailer[kCommitAt], info.commit);
  std::memcpy(&trailer[kCommitDigestAt], info.commit_digest.data(), info.commit_digest.size());
  store_le(&trailer[kIndexChecksumAt], index_checksum(header, dictionary, footer, trailer));
  std::memcpy(&trailer[kEndMagicAt], kEndMagic.data(), kEndMagic.size());
  out += footer;
  out.append(trailer, 0, kFileChecksumAt);
  store_le(&trailer[kFileChecksumAt], static_cast<std::uint64_t>(XXH3_64bits(out.data(), out.size())));
  out.append(trailer, kFileChecksumAt);
  return out;
}

struct SegmentReader::State {
  std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)> dictionary{nullptr, &ZSTD_freeDDict};

  [[nodiscard]] Result<std::string> decompress(std::string_view block) const {
    thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), &ZSTD_freeDCtx};
    const auto size = ZSTD_getFrameContentSize(block.data(), block.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kBlockBodyBytesMax) {
      return corrupt("a block's compressed frame is damaged");
    }
    std::string out(size, '\0');
    const std::size_t got =
        dictionary != nullptr
            ? ZSTD_decompress_usingDDict(context.get(), out.data(), out.size(), block.data(), block.size(), dictionary.get())
            : ZSTD_decompressDCtx(context.get(), out.data(), out.size(), block.data(), block.size());
    if (ZSTD_isError(got) != 0 || got != out.size())
      return corrupt(std::string("a block does not decompress: ") + ZSTD_getErrorName(got));
    return out;
  }
};

SegmentReader::SegmentReader() : state_(std::make_unique<State>()) {}
SegmentReader::~SegmentReader() = default;

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(io::FileSystem& fs, const std::string& path, const LogId& log_id) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader);
  STELE_ASSIGN(reader->file_, fs.open_read(path));
  STELE_ASSIGN(reader->file_bytes_, reader->file_->size());
  const std::uint64_t bytes = reader->file_bytes_;
  if (bytes < kHeaderBytes + kTrailerBytes || bytes > kFileBytesMax) return corrupt("the segment has an impossible size");
  std::string header(kHeaderBytes, '\0');
  std::string trailer(kTrailerBytes, '\0');
  STELE_TRY(io::read_exactly(*reader->file_, 0, std::as_writable_bytes(std::span(header)), "segment header"));
  STELE_TRY(
      io::read_exactly(*reader->file_, bytes - kTrailerBytes, std::as_writable_bytes(std::span(trailer)), "segment trailer"));
  if (!header.starts_with(kMagic) || !trailer.ends_with(kEndMagic)) return corrupt("the segment does not start and end as one");
  if (const auto version = load_le<std::uint16_t>(&header[kVersionAt]); version != kVersion) {
    return invalid("the segment has format version " + std::to_string(version) + "; this program reads " +
                   std::to_string(kVersion));
  }
  if (std::memcmp(&header[kLogIdAt], log_id.data(), log_id.size()) != 0) return corrupt("the segment belongs to another log");

  SegmentInfo& info = reader->info_;
  info.first_index = load_le<std::uint64_t>(&header[kFirstIndexAt]);
  info.count = load_le<std::uint32_t>(&header[kCountAt]);
  info.commit = load_le<std::uint64_t>(&trailer[kCommitAt]);
  info.received_last = load_le<UnixNanos>(&trailer[kReceivedLastAt]);
  std::memcpy(info.commit_digest.data(), &trailer[kCommitDigestAt], info.commit_digest.size());
  const auto dictionary_bytes = load_le<std::uint32_t>(&header[kDictionaryBytesAt]);
  if (!plausible(info, load_le<std::uint32_t>(&header[kBlockEntriesAt]), dictionary_bytes)) {
    return corrupt("the segment's header contradicts itself");
  }
  const std::size_t bundles = info.count / kBundleEntries;
  const std::size_t footer_bytes = bundles * 32 + blocks_of(info.count) * 4U;
  const auto footer_at = load_le<std::uint64_t>(&trailer[kFooterAtAt]);
  reader->blocks_at_ = kHeaderBytes + dictionary_bytes;
  if (footer_at < reader->blocks_at_ || footer_at != bytes - kTrailerBytes - footer_bytes)
    return corrupt("the segment's footer is not where it should be");
  std::string dictionary(dictionary_bytes, '\0');
  std::string footer(footer_bytes, '\0');
  STELE_TRY(io::read_exactly(*reader->file_, kHeaderBytes, std::as_writable_bytes(std::span(dictionary)), "segment dictionary"));
  STELE_TRY(io::read_exactly(*reader->file_, footer_at, std::as_writable_bytes(std::span(footer)), "segment footer"));
  if (index_checksum(header, dictionary, footer, trailer) != load_le<std::uint64_t>(&trailer[kIndexChecksumAt])) {
    return corrupt("the segment's header, dictionary or footer is damaged");
  }
  if (!dictionary.empty()) {
    reader->state_->dictionary.reset(ZSTD_createDDict(dictionary.data(), dictionary.size()));
    if (reader->state_->dictionary == nullptr) return corrupt("the segment's dictionary is damaged");
  }
  reader->bundle_roots_.resize(bundles);
  for (std::size_t i = 0; i < bundles; ++i) std::memcpy(reader->bundle_roots_[i].data(), &footer[i * 32], 32);
  std::uint64_t end = reader->blocks_at_;
  for (std::size_t i = 0; i < blocks_of(info.count); ++i) {
    end += load_le<std::uint32_t>(&footer[bundles * 32 + i * 4]);
    reader->block_ends_.push_back(end);
  }
  if (end != footer_at) return corrupt("the segment's blocks do not fill it");
  return reader;
}

Result<std::string> SegmentReader::read(std::uint64_t first, std::uint64_t count) const {
  assert(first >= info_.first_index && first + count <= info_.end_index());
  const std::uint64_t from = first - info_.first_index;
  const std::uint64_t block_first = from / kBlockEntries;
  const std::uint64_t block_last = (from + count - 1) / kBlockEntries;
  const std::uint64_t start = block_first == 0 ? blocks_at_ : block_ends_[block_first - 1];
  std::string raw(block_ends_[block_last] - start, '\0');
  STELE_TRY(io::read_exactly(*file_, start, std::as_writable_bytes(std::span(raw)), "segment block"));
  std::string bundle;
  std::uint64_t at = start;
  for (std::uint64_t b = block_first; b <= block_last; ++b) {
    const std::string_view block = std::string_view(raw).substr(at - start, block_ends_[b] - at);
    at = block_ends_[b];
    const auto where = [&](const Error& error) {
      const std::uint64_t index = info_.first_index + b * kBlockEntries;
      return error.in("entries " + std::to_string(index) + " to " +
                      std::to_string(std::min(index + kBlockEntries, info_.end_index()) - 1));
    };
    if (block.size() < 2) return where(corrupt("a block is too short"));
    const std::size_t heads_bytes = load_le<std::uint16_t>(block.data());
    if (block.size() < 2 + heads_bytes) return where(corrupt("a block is too short"));
    auto body = state_->decompress(block.substr(2 + heads_bytes));
    if (!body) return where(body.error());
    const std::uint64_t block_at = b * kBlockEntries;
    const auto held = static_cast<std::uint32_t>(std::min<std::uint64_t>(kBlockEntries, info_.count - block_at));
    const BlockRange wanted{static_cast<std::uint32_t>(from > block_at ? from - block_at : 0),
                            static_cast<std::uint32_t>(std::min<std::uint64_t>(held, from + count - block_at))};
    const Status joined = join_entries(block.substr(2, heads_bytes), *body, held, wanted, bundle);
    if (!joined) return where(joined.error());
  }
  return bundle;
}

Status SegmentReader::check_bytes() const {
  file_->forget_cached();
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(hash.get());
  const std::uint64_t end = file_bytes_ - kTrailerBytes + kFileChecksumAt;
  std::string chunk(1U << 20, '\0');
  for (std::uint64_t at = 0; at < end; at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(chunk.size(), end - at));
    STELE_TRY(io::read_exactly(*file_, at, std::as_writable_bytes(std::span(chunk)), "segment"));
    XXH3_64bits_update(hash.get(), chunk.data(), chunk.size());
  }
  char stored[8];
  STELE_TRY(io::read_exactly(*file_, end, std::as_writable_bytes(std::span(stored)), "segment"));
  if (load_le<std::uint64_t>(stored) != XXH3_64bits_digest(hash.get()))
    return corrupt("the segment's checksum does not match its bytes");
  return {};
}

}  // namespace stele::log
