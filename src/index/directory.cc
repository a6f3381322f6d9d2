#include "index/directory.h"

#include <xxhash.h>

#include <algorithm>

#include "index/encoding.h"

namespace stele::index {
namespace {

constexpr std::string_view kMagic = "STELEIDX";
constexpr std::uint16_t kVersion = 2;
constexpr std::size_t kCheckedBytes = kTrailerBytes - 8;

void put_dictionary(std::string& out, const DictionaryPlace& place) {
  put_varint(out, place.at);
  put_varint(out, place.count);
  put_varint(out, place.record_bytes);
}

DictionaryPlace get_dictionary(Decoder& in) {
  DictionaryPlace out;
  out.at = in.varint();
  out.count = static_cast<std::uint32_t>(in.varint());
  out.record_bytes = in.varint();
  return out;
}

std::string encode(const Directory& directory) {
  std::string out;
  put_varint(out, directory.fields.size());
  for (const FieldPlace& field : directory.fields) {
    put_varint(out, field.path.size());
    out += field.path;
    out.push_back(field.has_texts ? 1 : 0);
    put_dictionary(out, field.values);
    put_dictionary(out, field.words);
    put_varint(out, field.hashes.at);
    put_varint(out, field.hashes.count);
    put_varint(out, field.hashes.bits);
  }
  put_varint(out, directory.chunks.size());
  for (const ChunkPlace& chunk : directory.chunks) {
    out.append(as_text(chunk.root));
    put(out, chunk.time_low);
    put(out, chunk.time_high);
    put_varint(out, chunk.columns.size());
    for (const ColumnPlace& column : chunk.columns) {
      put_varint(out, column.field);
      put_varint(out, column.at);
      put_varint(out, column.size);
    }
  }
  return out;
}

bool decode(std::string_view bytes, Directory& out) {
  Decoder in(bytes);
  const std::uint64_t fields = in.varint();
  if (fields > kFieldsMax) return false;
  for (std::uint64_t i = 0; i < fields && in.ok(); ++i) {
    FieldPlace& field = out.fields.emplace_back();
    field.path = in.bytes(in.varint());
    field.has_texts = in.get<std::uint8_t>() != 0;
    field.values = get_dictionary(in);
    field.words = get_dictionary(in);
    field.hashes.at = in.varint();
    field.hashes.count = static_cast<std::uint32_t>(in.varint());
    field.hashes.bits = static_cast<std::uint32_t>(in.varint());
    if (field.hashes.count > 0 && (field.hashes.bits < 1 || field.hashes.bits > 32)) return false;
    if (i > 0 && out.fields[i - 1].path >= field.path) return false;
  }
  const std::uint64_t chunks = in.varint();
  if (chunks == 0 || chunks > kChunksMax) return false;
  for (std::uint64_t i = 0; i < chunks && in.ok(); ++i) {
    ChunkPlace& chunk = out.chunks.emplace_back();
    const std::string_view root = in.bytes(chunk.root.size());
    std::copy(root.begin(), root.end(), chunk.root.begin());
    chunk.time_low = in.get<std::int64_t>();
    chunk.time_high = in.get<std::int64_t>();
    const std::uint64_t columns = in.varint();
    for (std::uint64_t j = 0; j < columns && in.ok(); ++j) {
      ColumnPlace column;
      column.field = static_cast<std::uint32_t>(in.varint());
      column.at = in.varint();
      column.size = static_cast<std::uint32_t>(in.varint());
      if (column.field >= fields || (j > 0 && chunk.columns.back().field >= column.field)) return false;
      chunk.columns.push_back(column);
    }
  }
  return in.ok() && in.at_end();
}

}  // namespace

const FieldPlace* Directory::field(std::string_view path) const {
  const auto it = std::lower_bound(fields.begin(), fields.end(), path,
                                   [](const FieldPlace& field, std::string_view wanted) { return field.path < wanted; });
  return it != fields.end() && it->path == path ? &*it : nullptr;
}

Status finish_file(ImageWriter& out, const Directory& directory) {
  const std::uint64_t at = out.offset();
  const std::string bytes = encode(directory);
  out.append(bytes);
  std::string trailer(kMagic);
  put(trailer, kVersion);
  put(trailer, std::uint16_t{0});
  put(trailer, std::uint32_t{0});
  trailer.append(directory.log.begin(), directory.log.end());
  put(trailer, directory.first_index);
  put(trailer, at);
  put(trailer, static_cast<std::uint64_t>(bytes.size()));
  put(trailer, XXH3_64bits(trailer.data(), trailer.size()));
  static_assert(kCheckedBytes == 8 + 8 + 16 + 3 * 8);
  return out.finish(trailer);
}

Result<OpenedFile> open_file(io::FileSystem& fs, const std::string& path) {
  auto image = Image::open(fs, path, kTrailerBytes);
  if (!image) return image.error();
  const std::string_view trailer = (*image)->trailer();
  Decoder in(trailer);
  if (in.bytes(kMagic.size()) != kMagic ||
      load_le<std::uint64_t>(trailer.data() + kCheckedBytes) != XXH3_64bits(trailer.data(), kCheckedBytes))
    return corrupt(path + " does not end as an index does");
  if (const auto version = in.get<std::uint16_t>(); version != kVersion)
    return invalid(path + " is an index of version " + std::to_string(version) + "; this program knows version " +
                   std::to_string(kVersion));
  in.bytes(6);
  OpenedFile out;
  const std::string_view log = in.bytes(out.directory.log.size());
  std::copy(log.begin(), log.end(), out.directory.log.begin());
  out.directory.first_index = in.get<std::uint64_t>();
  const auto at = in.get<std::uint64_t>();
  const auto size = in.get<std::uint64_t>();
  if (!decode((*image)->at(at, size), out.directory) || out.directory.first_index % kChunkRows != 0)
    return corrupt(path + ": its directory is damaged");
  out.image = std::move(*image);
  return out;
}

}  // namespace stele::index
