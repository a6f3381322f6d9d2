#include "base/metrics_text.h"

#include <algorithm>

namespace stele {

std::string& MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  const auto known = std::ranges::find(families_, name, &Family::name);
  if (known != families_.end()) return known->samples;
  const std::string text(name);
  families_.push_back(
      {text, "# HELP " + text + " " + std::string(help) + "\n# TYPE " + text + " " + std::string(type) + "\n", ""});
  return families_.back().samples;
}

void MetricsText::sample(std::string& samples, std::string_view name, std::string_view labels, std::uint64_t value) {
  samples += name;
  if (!labels.empty()) samples += "{" + std::string(labels) + "}";
  samples += " " + std::to_string(value) + "\n";
}

void MetricsText::gauge(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels) {
  sample(family(name, "gauge", help), name, labels, value);
}

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels) {
  sample(family(name, "counter", help), name, labels, value);
}

void MetricsText::histogram(std::string_view name, std::string_view help, const Histogram& histogram, std::string_view labels) {
  histogram.append(family(name, "histogram", help), name, labels);
}

std::string MetricsText::text() const {
  std::string out;
  for (const Family& family : families_) out += family.head + family.samples;
  return out;
}

}  // namespace stele
