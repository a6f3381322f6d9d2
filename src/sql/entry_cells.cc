#include "sql/entry_cells.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "event/entry.h"
#include "event/json_value.h"

namespace stele::sql {
namespace {

constexpr std::string_view kTime = "time";
constexpr event::JsonLimits kLimits{event::kEntryBytesMax, 512, event::kEntryBytesMax};

}  // namespace

Cell number_cell(std::string_view text, bool lasting) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? Cell::of(number) : Cell::of(text, lasting);
}

EntryCells::EntryCells() {
  for (const Column& column : columns()) {
    for (const std::string_view path : column.paths) {
      if (!path.empty()) paths_.push_back(path);
    }
  }
  paths_.push_back(kTime);
}

void EntryCells::set(std::uint64_t index, std::string_view entry) {
  index_ = index;
  entry_ = entry;
  have_scalars_ = false;
}

Status EntryCells::cell(int column, Cell& out) {
  const Column& what = columns()[static_cast<std::size_t>(column)];
  switch (what.kind) {
    case Column::Kind::kIndex: out = Cell::of(static_cast<std::int64_t>(index_)); return {};
    case Column::Kind::kEntry: out = Cell::of(entry_, false); return {};
    case Column::Kind::kId:
    case Column::Kind::kReceived: {
      if (entry_.size() < event::kHeadBytes) return corrupt("entry " + std::to_string(index_) + " has no head");
      const bool id = what.kind == Column::Kind::kId;
      out = Cell::of(entry_.substr(id ? event::kIdAt : event::kReceivedAt, id ? event::kIdWidth : kTimeWidth), false);
      return {};
    }
    case Column::Kind::kAttributes: out = attributes(); return {};
    case Column::Kind::kTime:
      read_scalars();
      out = {};
      if (!time_) return {};
      format_time(*time_, time_text_.data());
      out = Cell::of({time_text_.data(), kTimeWidth}, false);
      return {};
    case Column::Kind::kText:
    case Column::Kind::kNumber:
      read_scalars();
      out = first_of(what);
      return {};
    case Column::Kind::kQuery: break;
  }
  out = {};
  return {};
}

void EntryCells::read_scalars() {
  constexpr std::int32_t kNone = -1;
  constexpr std::int32_t kNotKnown = -2;
  if (have_scalars_) return;
  have_scalars_ = true;
  first_.assign(paths_.size(), std::nullopt);
  time_.reset();
  const auto& scalars = scalars_.read(entry_);
  if (scalars_.generation() != generation_) {
    wanted_.clear();
    generation_ = scalars_.generation();
  }
  wanted_.resize(scalars_.paths(), kNotKnown);
  for (const auto& scalar : scalars) {
    std::int32_t& wanted = wanted_[scalar.path];
    if (wanted == kNotKnown) {
      const auto found = std::find(paths_.begin(), paths_.end(), scalars_.path(scalar.path));
      wanted = found == paths_.end() ? kNone : static_cast<std::int32_t>(found - paths_.begin());
    }
    if (wanted == kNone) continue;
    auto& first = first_[static_cast<std::size_t>(wanted)];
    if (!first) first = scalar.text;
    if (!time_ && paths_[static_cast<std::size_t>(wanted)] == kTime) time_ = parse_time(scalar.text);
  }
}

Cell EntryCells::first_of(const Column& column) const {
  for (const std::string_view path : column.paths) {
    if (path.empty()) continue;
    const auto& first = first_[static_cast<std::size_t>(std::find(paths_.begin(), paths_.end(), path) - paths_.begin())];
    if (first) return column.kind == Column::Kind::kNumber ? number_cell(*first, false) : Cell::of(*first, false);
  }
  return {};
}

Cell EntryCells::attributes() {
  const auto view = event::read_entry(entry_);
  event::JsonError error;
  if (!view || !tape_.parse(view->event, kLimits, error)) return {};
  const event::JsonValue attributes = event::JsonValue(tape_)["attributes"];
  return attributes ? Cell::of(attributes.raw(), false) : Cell();
}

}  // namespace stele::sql
