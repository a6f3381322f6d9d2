// Samples gathered from all over a program, written family by family as Prometheus' text format 0.0.4 wants them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"

namespace stele {

class MetricsText {
 public:
  // `labels` as in `log="main"`, or empty. A family's type and help are those of its first sample.
  void gauge(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels = {});
  void counter(std::string_view name, std::string_view help, std::uint64_t value, std::string_view labels = {});
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram, std::string_view labels = {});

  // Families in the order of their first samples.
  [[nodiscard]] std::string text() const;

 private:
  struct Family {
    std::string name;
    std::string head;
    std::string samples;
  };
  std::string& family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string& samples, std::string_view name, std::string_view labels, std::uint64_t value);

  std::vector<Family> families_;
};

}  // namespace stele
