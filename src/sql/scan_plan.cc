#include "sql/scan_plan.h"

namespace stele::sql {
namespace {

constexpr char kFirstColumn = 'A';

}  // namespace

// A letter for the order, then three for each part, '/', two for each key.
std::string ScanPlan::text() const {
  std::string out(1, newest_first ? 'n' : once ? 'u' : 'o');
  for (const Part& part : parts) {
    out.push_back(static_cast<char>(kFirstColumn + part.column));
    out.push_back(static_cast<char>(part.compare));
    out.push_back(part.one_of ? 'i' : '.');
  }
  out.push_back('/');
  for (const SortKey& key : keys) {
    out.push_back(static_cast<char>(kFirstColumn + key.column));
    out.push_back(key.descending ? 'd' : 'a');
  }
  return out;
}

ScanPlan ScanPlan::of(std::string_view text) {
  ScanPlan out;
  out.newest_first = text.starts_with('n');
  out.once = text.starts_with('u');
  std::size_t at = 1;
  for (; at + 2 < text.size() && text[at] != '/'; at += 3)
    out.parts.push_back({text[at] - kFirstColumn, static_cast<Compare>(text[at + 1]), text[at + 2] == 'i'});
  for (++at; at + 1 < text.size(); at += 2) out.keys.push_back({text[at] - kFirstColumn, text[at + 1] == 'd'});
  return out;
}

}  // namespace stele::sql
