// A stream fed whole, in pieces, and taken up again at any record: the records and their positions are the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "records/cutter.h"

namespace {

namespace sr = stele::records;
using Records = std::vector<sr::Record>;
using Make = std::unique_ptr<sr::RecordCutter> (*)(sr::Position, sr::CutLimits);

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr Make kCutters[] = {
    &sr::make_line_cutter, &sr::make_csv_cutter, &sr::make_audit_cutter,
    [](sr::Position from, sr::CutLimits limits) { return sr::make_document_cutter("", from, limits); },
    [](sr::Position from, sr::CutLimits limits) { return sr::make_document_cutter("items", from, limits); }};

Records cut(Make make, std::string_view stream, std::size_t step, sr::CutLimits limits, sr::Position from = {}) {
  Records out;
  const auto cutter = make(from, limits);
  stream.remove_prefix(from.offset);
  while (!stream.empty()) {
    cutter->feed(std::string(stream.substr(0, step)), 0, out);
    stream.remove_prefix(std::min(step, stream.size()));
  }
  cutter->end(out);
  return out;
}

void check(Make make, std::string_view stream, sr::CutLimits limits) {
  const Records whole = cut(make, stream, std::max<std::size_t>(stream.size(), 1), limits);
  require(cut(make, stream, 1, limits) == whole);
  require(cut(make, stream, 7, limits) == whole);
  for (const sr::Record& one : whole) {
    require(!one.bytes.empty() && one.bytes.size() <= limits.record_bytes_max);
    require(one.bytes.size() == std::min<std::uint64_t>(one.length, limits.record_bytes_max));
    require(one.begin + one.length <= stream.size() && one.after.offset <= stream.size());
  }
  for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 16) {
    Records rest = cut(make, stream, 13, limits, whole[i].after);
    require(std::equal(rest.begin(), rest.end(), whole.begin() + static_cast<std::ptrdiff_t>(i) + 1, whole.end()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizeMax = 16'384;  // fewer lines than audit events may be open
  const std::string_view stream(reinterpret_cast<const char*>(data), std::min(size, kSizeMax));
  for (const Make make : kCutters) {
    check(make, stream, {});
    check(make, stream, {24, 1024, 200});
  }
  return 0;
}
