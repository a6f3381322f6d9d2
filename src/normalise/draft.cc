#include "normalise/draft.h"

#include <algorithm>

#include "base/json_text.h"

namespace stele::normalise {
namespace {

// As members of an object are begun.
constexpr std::array<std::string_view, kParts> kMembers = {
    R"("id":)",      R"("seq":)",    R"("time":)",    R"("actor":)",   R"("action":)",   R"("category":)", R"("outcome":)",
    R"("targets":)", R"("origin":)", R"("context":)", R"("changes":)", R"("severity":)", R"("message":)",  R"("attributes":)"};

}  // namespace

std::string_view part_name(Part part) {
  const std::string_view member = kMembers[static_cast<std::size_t>(part)];
  return member.substr(1, member.size() - 3);
}

void Draft::clear() {
  for (std::string& part : parts_) part.clear();
  concluded_.fill(false);
  attributes_ = 0;
  attribute_set_.clear();
  by_.clear();
  unattributed_ = false;
}

bool Draft::has_attribute(std::string_view name) {
  constexpr std::size_t kFew = 32;
  const auto end = attribute_names_.begin() + static_cast<std::ptrdiff_t>(attributes_);
  if (attributes_ <= kFew) return std::find(attribute_names_.begin(), end, name) != end;
  if (attribute_set_.empty()) attribute_set_.insert(attribute_names_.begin(), end);
  return attribute_set_.contains(name);
}

std::string* Draft::attribute(std::string_view name) {
  if (has_attribute(name)) return nullptr;
  if (attributes_ == attribute_names_.size()) attribute_names_.emplace_back();
  attribute_names_[attributes_++] = name;
  if (!attribute_set_.empty()) attribute_set_.emplace(name);
  std::string& out = parts_[index(Part::kAttributes)];
  if (!out.empty()) out.push_back(',');
  append_json_string(out, name);
  out.push_back(':');
  return &out;
}

void Draft::write(std::string& event, std::string& derived) const {
  event = "{";
  derived = R"({"by":)";
  append_json_string(derived, by_);
  derived += R"(,"fields":[)";
  for (std::size_t i = 0; i < kParts; ++i) {
    const bool attributes = i == index(Part::kAttributes);
    if (parts_[i].empty()) continue;
    if (event.size() > 1) event.push_back(',');
    event += kMembers[i];
    if (attributes) event.push_back('{');
    event += parts_[i];
    if (attributes) event.push_back('}');
    if (!concluded_[i]) continue;
    if (derived.back() != '[') derived.push_back(',');
    derived += kMembers[i].substr(0, kMembers[i].size() - 1);
  }
  event.push_back('}');
  derived.push_back(']');
  if (unattributed_) derived += R"(,"unattributed":true)";
  derived.push_back('}');
}

}  // namespace stele::normalise
