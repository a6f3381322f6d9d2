#include "index/column.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/clock.h"
#include "index/encoding.h"
#include "query/text.h"

namespace stele::index {
namespace {

// A set of rows: all of them, a bitmap, or a list.
enum class RowsForm : std::uint8_t { kNone = 0, kAll = 1, kBitmap = 2, kList = 3 };

void put_rows(std::string& out, const Bits& rows, std::uint32_t row_count) {
  constexpr std::uint32_t kListMost = kChunkRows / 16;
  const std::uint32_t count = rows.count();
  if (count == 0) return put(out, RowsForm::kNone);
  if (count == row_count) return put(out, RowsForm::kAll);
  if (count <= kListMost) {
    put(out, RowsForm::kList);
    put(out, static_cast<std::uint16_t>(count));
    rows.for_each([&](std::uint32_t row) {
      put(out, static_cast<std::uint16_t>(row));
      return true;
    });
    return;
  }
  put(out, RowsForm::kBitmap);
  for (const std::uint64_t word : rows.words()) put(out, word);
}

// The bytes of a set of rows, its form with them.
std::string_view take_rows(Decoder& in) {
  const std::string_view from = in.rest();
  const auto form = in.get<RowsForm>();
  if (form == RowsForm::kBitmap) in.bytes(kChunkRows / 8);
  if (form == RowsForm::kList) in.bytes(2 * std::uint64_t{in.get<std::uint16_t>()});
  return from.substr(0, from.size() - in.rest().size());
}

void add_rows(std::string_view bytes, std::uint32_t row_count, Bits& out) {
  Decoder in(bytes);
  switch (in.get<RowsForm>()) {
    case RowsForm::kNone: return;
    case RowsForm::kAll: out |= Bits::first(row_count); return;
    case RowsForm::kBitmap:
      for (std::uint64_t& word : out.words()) word |= in.get<std::uint64_t>();
      return;
    case RowsForm::kList:
      for (auto left = in.get<std::uint16_t>(); left > 0; --left) out.set(in.get<std::uint16_t>());
      return;
  }
}

void put_extras(std::string& out, std::span<const RowCode> extras) {
  put(out, static_cast<std::uint32_t>(extras.size()));
  for (const RowCode& one : extras) put(out, one.first);
  for (const RowCode& one : extras) put(out, one.second);
}

std::uint64_t load_wide(const char* at, unsigned width) {
  if (width == 1) return load_le<std::uint8_t>(at);
  if (width == 2) return load_le<std::uint16_t>(at);
  if (width == 4) return load_le<std::uint32_t>(at);
  return load_le<std::uint64_t>(at);
}

constexpr std::size_t kBoundRows = 64;

// `bounds` may be empty. 0 stands for no value and is within no bounds that are asked for.
template <typename T>
void scan_wide(std::string_view data, std::string_view bounds, std::uint64_t low, std::uint64_t high, Bits& out) {
  const std::size_t count = data.size() / sizeof(T);
  for (std::size_t row = 0; row < count; row += kBoundRows) {
    std::uint64_t word = 0;
    const std::size_t end = std::min<std::size_t>(kBoundRows, count - row);
    if (!bounds.empty()) {
      const char* const at = bounds.data() + row / kBoundRows * 2 * sizeof(T);
      const std::uint64_t least = load_le<T>(at);
      const std::uint64_t most = load_le<T>(at + sizeof(T));
      if (most < low || least > high) continue;
      if (least >= low && most <= high) {
        out.words()[row / 64] |= end == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
        continue;
      }
    }
    for (std::size_t i = 0; i < end; ++i) {
      const std::uint64_t here = load_le<T>(data.data() + (row + i) * sizeof(T));
      word |= std::uint64_t{here >= low && here <= high} << i;
    }
    out.words()[row / 64] |= word;
  }
}

std::optional<std::int64_t> ipv4_of(std::string_view text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos || dot == 0 || dot > 3 || (text[0] == '0' && dot > 1)) return std::nullopt;
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + dot, value);
    if (read.ec != std::errc() || read.ptr != text.data() + dot || value > 255) return std::nullopt;
    address = address << 8 | value;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return address;
}

// Whether the texts of integers have such characters at all.
bool may_stand_in(Flavour flavour, std::string_view part) {
  const std::string_view other = flavour == Flavour::kDecimal ? "-" : flavour == Flavour::kIpv4 ? "." : "-:.tz";
  return std::all_of(part.begin(), part.end(),
                     [&](char c) { return (c >= '0' && c <= '9') || other.find(c) != std::string_view::npos; });
}

std::optional<std::int64_t> decimal_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && (digits.size() > 1 || negative)))
    return std::nullopt;
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> integer_of(Flavour flavour, std::string_view text) {
  return flavour == Flavour::kIpv4 ? ipv4_of(text) : flavour == Flavour::kTime ? parse_time(text) : decimal_of(text);
}

std::string text_of(Flavour flavour, std::int64_t integer) {
  if (flavour == Flavour::kTime) return format_time(integer);
  if (flavour == Flavour::kDecimal) return std::to_string(integer);
  const auto byte = [&](unsigned shift) { return std::to_string(static_cast<std::uint32_t>(integer) >> shift & 255); };
  return byte(24) + "." + byte(16) + "." + byte(8) + "." + byte(0);
}

void Pairs::add(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto pair = static_cast<std::uint16_t>(static_cast<unsigned char>(query::fold(text[i - 1])) << 8 |
                                                 static_cast<unsigned char>(query::fold(text[i])));
    bytes_[pair / 8] = static_cast<char>(bytes_[pair / 8] | 1 << (pair % 8));
  }
}

bool Pairs::may_have(std::string_view bytes, std::string_view part) {
  for (std::size_t i = 1; i < part.size() && bytes.size() == kBytes; ++i) {
    const auto pair =
        static_cast<std::uint16_t>(static_cast<unsigned char>(part[i - 1]) << 8 | static_cast<unsigned char>(part[i]));
    if ((static_cast<unsigned char>(bytes[pair / 8]) >> (pair % 8) & 1) == 0) return false;
  }
  return true;
}

std::string encode_codes(std::span<const std::uint16_t> codes, std::span<const RowCode> extras, const Bits& opaque) {
  std::string out;
  const auto present = codes.size() - static_cast<std::size_t>(std::count(codes.begin(), codes.end(), 0));
  const std::uint16_t most = codes.empty() ? std::uint16_t{0} : *std::max_element(codes.begin(), codes.end());
  if (present == codes.size() && most == 1) {
    put(out, Form::kConstant);
    put(out, most);
  } else if (present < codes.size() / 3) {
    put(out, Form::kListed);
    put(out, static_cast<std::uint32_t>(present));
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (codes[row] != 0) put(out, static_cast<std::uint16_t>(row));
    }
    for (const std::uint16_t code : codes) {
      if (code != 0) put(out, code);
    }
  } else {
    const std::uint8_t width = most < 16 ? 4 : most < 256 ? 8 : 16;
    put(out, Form::kCodes);
    put(out, width);
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (width == 16) put(out, codes[row]);
      if (width == 8) out.push_back(static_cast<char>(codes[row]));
      if (width == 4 && row % 2 == 0) out.push_back(static_cast<char>(codes[row]));
      if (width == 4 && row % 2 == 1) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) | codes[row] << 4);
    }
  }
  put_extras(out, extras);
  put_rows(out, opaque, static_cast<std::uint32_t>(codes.size()));
  return out;
}

std::string encode_integers(Flavour flavour, std::span<const std::optional<std::int64_t>> integers, const Bits& opaque) {
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = std::numeric_limits<std::int64_t>::min();
  std::size_t present = 0;
  std::int64_t unit = flavour == Flavour::kTime ? kSecond : 1;
  for (const auto& one : integers) {
    if (!one) continue;
    ++present;
    low = std::min(low, *one);
    high = std::max(high, *one);
    while (*one % unit != 0) unit /= 1000;
  }
  if (present == 0) low = high = 0;
  low = low / unit * unit;  // exact: each is a multiple of it
  const std::uint64_t most =
      (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) / static_cast<std::uint64_t>(unit) + 1;
  const std::uint8_t width = most < 0x100 ? 1 : most < 0x10000 ? 2 : most < 0x1'0000'0000 ? 4 : 8;
  const bool listed = present < integers.size() / 3;
  std::string out;
  put(out, Form::kIntegers);
  put(out, flavour);
  put(out, width);
  put(out, static_cast<std::uint8_t>(listed ? 1 : 0));
  put(out, low);
  put(out, unit);
  if (listed) {
    put(out, static_cast<std::uint32_t>(present));
    for (std::size_t row = 0; row < integers.size(); ++row) {
      if (integers[row]) put(out, static_cast<std::uint16_t>(row));
    }
  }
  const auto stored = [&](const std::optional<std::int64_t>& one) {
    return one ? (static_cast<std::uint64_t>(*one) - static_cast<std::uint64_t>(low)) / static_cast<std::uint64_t>(unit) + 1 : 0;
  };
  const auto put_wide = [&](std::uint64_t value) {
    char bytes[8];
    store_le(bytes, value);
    out.append(bytes, width);
  };
  for (const auto& one : integers) {
    if (!listed || one) put_wide(stored(one));
  }
  for (std::size_t row = 0; !listed && row < integers.size(); row += kBoundRows) {
    std::uint64_t least = ~std::uint64_t{0};
    std::uint64_t greatest = 0;
    for (std::size_t i = row; i < std::min(row + kBoundRows, integers.size()); ++i) {
      least = std::min(least, stored(integers[i]));
      greatest = std::max(greatest, stored(integers[i]));
    }
    put_wide(least);
    put_wide(greatest);
  }
  put_rows(out, opaque, static_cast<std::uint32_t>(integers.size()));
  return out;
}

std::string encode_hashed(const Bits& present, const Pairs& pairs, const Bits& opaque) {
  std::string out;
  put(out, Form::kHashed);
  out += pairs.bytes();
  put_rows(out, present, kChunkRows);
  put_rows(out, opaque, kChunkRows);
  return out;
}

Column Column::open(std::string_view bytes, std::uint32_t rows) {
  Column out;
  Decoder in(bytes);
  out.rows_ = std::min(rows, kChunkRows);
  out.form_ = in.get<Form>();
  switch (out.form_) {
    case Form::kConstant: out.constant_ = in.get<std::uint16_t>(); break;
    case Form::kListed: {
      out.listed_ = true;
      const std::uint64_t count = in.get<std::uint32_t>();
      out.listed_rows_ = in.bytes(2 * count);
      out.data_ = in.bytes(2 * count);
      break;
    }
    case Form::kCodes:
      out.width_ = in.get<std::uint8_t>();
      if (out.width_ != 4 && out.width_ != 8 && out.width_ != 16) return {};
      out.data_ = in.bytes((std::uint64_t{out.rows_} * out.width_ + 7) / 8);
      break;
    case Form::kIntegers: {
      out.flavour_ = in.get<Flavour>();
      out.width_ = in.get<std::uint8_t>();
      out.listed_ = in.get<std::uint8_t>() != 0;
      out.smallest_ = in.get<std::int64_t>();
      out.unit_ = in.get<std::int64_t>();
      if ((out.width_ != 1 && out.width_ != 2 && out.width_ != 4 && out.width_ != 8) || out.unit_ <= 0 ||
          out.flavour_ > Flavour::kTime)
        return {};
      std::uint64_t count = out.rows_;
      if (out.listed_) {
        count = in.get<std::uint32_t>();
        out.listed_rows_ = in.bytes(2 * count);
      }
      out.data_ = in.bytes(count * out.width_);
      if (!out.listed_) out.bounds_ = in.bytes((count + kBoundRows - 1) / kBoundRows * 2 * out.width_);
      break;
    }
    case Form::kHashed:
      out.pairs_ = in.bytes(Pairs::kBytes);
      out.present_ = take_rows(in);
      break;
    default: return {};
  }
  if (out.has_codes()) {
    const std::uint64_t extras = in.get<std::uint32_t>();
    out.extra_rows_ = in.bytes(2 * extras);
    out.extra_codes_ = in.bytes(2 * extras);
  }
  out.opaque_ = take_rows(in);
  out.ok_ = in.ok() && in.at_end();
  return out.ok_ ? out : Column();
}

std::uint32_t Column::row_at(std::uint32_t i) const { return listed_ ? load_le<std::uint16_t>(listed_rows_.data() + 2 * i) : i; }

std::optional<std::int64_t> Column::integer(std::uint32_t i) const {
  const std::uint64_t stored = load_wide(data_.data() + std::size_t{i} * width_, width_);
  if (stored == 0) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(smallest_) + (stored - 1) * static_cast<std::uint64_t>(unit_));
}

std::optional<std::pair<std::int64_t, std::int64_t>> Column::bounds(std::uint32_t block) const {
  const std::size_t at = std::size_t{block} * 2 * width_;
  if (at + 2 * width_ > bounds_.size()) return std::nullopt;
  const std::uint64_t least = load_wide(bounds_.data() + at, width_);
  const std::uint64_t most = load_wide(bounds_.data() + at + width_, width_);
  if (least == 0) return std::nullopt;
  const auto integer = [&](std::uint64_t stored) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(smallest_) + (stored - 1) * static_cast<std::uint64_t>(unit_));
  };
  return std::pair(integer(least), integer(most));
}

void Column::add_present(Bits& out) const {
  if (form_ == Form::kConstant) {
    out |= Bits::first(rows_);
  } else if (!present_.empty()) {
    add_rows(present_, rows_, out);
  } else if (listed_) {
    for (std::size_t at = 0; at < listed_rows_.size(); at += 2) out.set(load_le<std::uint16_t>(listed_rows_.data() + at));
  } else if (form_ == Form::kIntegers) {
    for_each_integer([&](std::uint32_t row, std::int64_t) { out.set(row); });
  } else {
    Bits absent;
    CodeSet({0}).scan(data_, width_, absent);
    out |= Bits::first(rows_) -= absent;
  }
}

void Column::add_opaque(Bits& out) const {
  if (!opaque_.empty()) add_rows(opaque_, rows_, out);
}

void Column::scan(const CodeSet& codes, Bits& out) const {
  if (form_ == Form::kConstant) {
    if (codes.has(constant_)) out |= Bits::first(rows_);
  } else if (listed_) {
    for (std::size_t at = 0; at < listed_rows_.size(); at += 2) {
      if (codes.has(load_le<std::uint16_t>(data_.data() + at))) out.set(load_le<std::uint16_t>(listed_rows_.data() + at));
    }
  } else {
    codes.scan(data_, width_, out);
  }
  for (std::size_t at = 0; at < extra_rows_.size(); at += 2) {
    if (codes.has(load_le<std::uint16_t>(extra_codes_.data() + at))) out.set(load_le<std::uint16_t>(extra_rows_.data() + at));
  }
}

void Column::scan(std::int64_t low, std::int64_t high, Bits& out) const {
  if (low > high || high < smallest_) return;
  low = std::max(low, smallest_);
  const auto unit = static_cast<std::uint64_t>(unit_);
  // Stored numbers count units from the smallest on, and from 1.
  const std::uint64_t first = (static_cast<std::uint64_t>(low) - static_cast<std::uint64_t>(smallest_) + unit - 1) / unit + 1;
  const std::uint64_t last = (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(smallest_)) / unit + 1;
  if (listed_) {
    for (std::uint32_t i = 0; i < listed_or_rows(); ++i) {
      const std::uint64_t stored = load_wide(data_.data() + std::size_t{i} * width_, width_);
      if (stored >= first && stored <= last) out.set(row_at(i));
    }
    return;
  }
  if (width_ == 1) return scan_wide<std::uint8_t>(data_, bounds_, first, last, out);
  if (width_ == 2) return scan_wide<std::uint16_t>(data_, bounds_, first, last, out);
  if (width_ == 4) return scan_wide<std::uint32_t>(data_, bounds_, first, last, out);
  scan_wide<std::uint64_t>(data_, bounds_, first, last, out);
}

void Column::codes(std::span<std::uint16_t, kChunkRows> out) const {
  std::fill(out.begin(), out.end(), form_ == Form::kConstant ? constant_ : std::uint16_t{0});
  if (form_ == Form::kConstant) {
    std::fill(out.begin() + rows_, out.end(), std::uint16_t{0});
  } else if (listed_) {
    for (std::size_t at = 0; at < listed_rows_.size(); at += 2)
      out[load_le<std::uint16_t>(listed_rows_.data() + at)] = load_le<std::uint16_t>(data_.data() + at);
  } else {
    for (std::uint32_t row = 0; row < rows_; ++row) {
      if (width_ == 16) out[row] = load_le<std::uint16_t>(data_.data() + 2 * std::size_t{row});
      if (width_ == 8) out[row] = static_cast<std::uint8_t>(data_[row]);
      if (width_ == 4) out[row] = static_cast<std::uint8_t>(data_[row / 2]) >> (row % 2 * 4) & 15;
    }
  }
}

std::vector<RowCode> Column::extras() const {
  std::vector<RowCode> out;
  for (std::size_t at = 0; at < extra_rows_.size(); at += 2)
    out.emplace_back(load_le<std::uint16_t>(extra_rows_.data() + at), load_le<std::uint16_t>(extra_codes_.data() + at));
  return out;
}

IntegerQuestion integer_question(const query::Condition& test, Flavour flavour) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  using Kind = query::Condition::Kind;
  switch (test.kind()) {
    case Kind::kAny: return {kLeast, kMost};
    case Kind::kWords: return {};  // none is a text
    case Kind::kIs:
    case Kind::kMatch: {
      if (flavour == Flavour::kTime) return {kLeast, kMost, true};
      const auto integer = integer_of(flavour, test.value());
      return integer ? IntegerQuestion{*integer, *integer} : IntegerQuestion{};
    }
    case Kind::kContains: return may_stand_in(flavour, test.value()) ? IntegerQuestion{kLeast, kMost, true} : IntegerQuestion{};
    case Kind::kLike: {
      const auto& pieces = test.pieces();
      const bool may =
          std::all_of(pieces.begin(), pieces.end(), [&](const std::string& piece) { return may_stand_in(flavour, piece); });
      return may ? IntegerQuestion{kLeast, kMost, true} : IntegerQuestion{};
    }
    case Kind::kAddress: {
      if (flavour != Flavour::kIpv4) return {};
      const auto range = test.range()->ipv4();
      return range ? IntegerQuestion{range->first, range->second} : IntegerQuestion{};
    }
    case Kind::kNumber: break;
  }
  if (flavour != Flavour::kDecimal) return {};
  // The first whole number for which `passes` holds, or one past the greatest: it holds for all above.
  const auto first = [](auto&& passes) -> std::optional<std::int64_t> {
    if (!passes(kMost)) return std::nullopt;
    std::int64_t low = kLeast;
    std::int64_t high = kMost;
    while (low < high) {
      const std::int64_t middle = static_cast<std::int64_t>(
          (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) / 2 + static_cast<std::uint64_t>(low));
      if (passes(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  };
  IntegerQuestion out{kLeast, kMost};
  if (const auto& bound = test.low()) {
    const auto least = first([&](std::int64_t value) {
      const int order = query::Number::of(value).compare(bound->number);
      return order > 0 || (order == 0 && bound->included);
    });
    if (!least) return {};
    out.low = *least;
  }
  if (const auto& bound = test.high()) {
    const auto above = first([&](std::int64_t value) {
      const int order = query::Number::of(value).compare(bound->number);
      return order > 0 || (order == 0 && !bound->included);
    });
    if (above && *above == kLeast) return {};
    out.high = above ? *above - 1 : kMost;
  }
  return out;
}

}  // namespace stele::index
