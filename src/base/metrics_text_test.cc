// The text format groups a family's samples, wherever they came from.
#include "base/metrics_text.h"

#include <gtest/gtest.h>

namespace stele {
namespace {

// Goal: samples of one family stand together under one head, in the order they came; families in that of their first.
TEST(MetricsText, groups_families) {
  MetricsText metrics;
  metrics.gauge("size", "Entries.", 3, "log=\"main\"");
  metrics.counter("requests_total", "Requests.", 7);
  metrics.gauge("size", "Entries.", 5, "log=\"audit\"");
  EXPECT_EQ(metrics.text(),
            "# HELP size Entries.\n# TYPE size gauge\nsize{log=\"main\"} 3\nsize{log=\"audit\"} 5\n"
            "# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total 7\n");
}

// Goal: a histogram's buckets are cumulative and end with +Inf, sum and count.
TEST(MetricsText, writes_histograms) {
  Histogram histogram;
  histogram.record(60'000);
  histogram.record(10'000'000'000);
  MetricsText metrics;
  metrics.histogram("wait_seconds", "Waits.", histogram);
  const std::string text = metrics.text();
  EXPECT_TRUE(
      text.starts_with("# HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"0.00005\"} 0\n"))
      << text;
  EXPECT_NE(text.find("} 1\nwait_seconds_bucket{le=\"+Inf\"} 2\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("wait_seconds_count 2\n")) << text;
}

}  // namespace
}  // namespace stele
