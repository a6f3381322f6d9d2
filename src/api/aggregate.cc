// /api/v1/aggregate: counts and measures over the entries that a query means, in groups.
#include "search/aggregate.h"
#include "api/responses.h"

#include <algorithm>
#include <array>
#include <memory>

#include "api/parameters.h"
#include "api/searching.h"
#include "api/sight.h"
#include "api/use.h"
#include "base/bytes.h"
#include "base/json_text.h"
#include "base/list_text.h"
#include "query/fields.h"
#include "query/number.h"

namespace stele::api {
namespace {

using search::Metric;
using search::TimeUnit;

constexpr std::uint64_t kGroupsDefault = 100;
constexpr std::uint64_t kLimitMax = 10'000;

constexpr std::array<std::pair<std::string_view, TimeUnit>, 6> kUnits{{{"minute", TimeUnit::kMinute},
                                                                       {"hour", TimeUnit::kHour},
                                                                       {"day", TimeUnit::kDay},
                                                                       {"week", TimeUnit::kWeek},
                                                                       {"month", TimeUnit::kMonth},
                                                                       {"year", TimeUnit::kYear}}};
constexpr std::array<std::pair<std::string_view, Metric::Kind>, 5> kMeasures{{{"distinct", Metric::Kind::kDistinct},
                                                                              {"sum", Metric::Kind::kSum},
                                                                              {"min", Metric::Kind::kMin},
                                                                              {"max", Metric::Kind::kMax},
                                                                              {"avg", Metric::Kind::kAverage}}};

struct AggregateQuestion {
  std::string log;
  query::Query query;
  search::AggregateRequest request;
  std::vector<std::string> key_names;
  std::vector<std::string> metric_names;
};

Result<std::vector<std::string>> paths_of(const std::string& name) {
  query::Field field = query::find_field(name);
  if (field.paths.empty()) return invalid("\"" + name + "\" is no field of events; a time is grouped by day, hour, …");
  return std::move(field.paths);
}

Result<search::GroupKey> read_key(const std::string& name) {
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& one) { return one.first == name; });
  search::GroupKey key;
  if (unit != kUnits.end()) {
    key.unit = unit->second;
    return key;
  }
  STELE_ASSIGN(key.paths, paths_of(name));
  return key;
}

// "first", "distinct:actor", "p95:duration_ms"
Result<Metric> read_metric(const std::string& name) {
  Metric metric;
  if (name == "first" || name == "last") {
    metric.kind = name == "first" ? Metric::Kind::kFirst : Metric::Kind::kLast;
    return metric;
  }
  const std::size_t colon = std::min(name.find(':'), name.size());
  const std::string kind = name.substr(0, colon);
  const auto known = std::find_if(kMeasures.begin(), kMeasures.end(), [&](const auto& one) { return one.first == kind; });
  const auto percentile = kind.starts_with('p') ? query::Number::parse(kind.substr(1)) : std::nullopt;
  if (known != kMeasures.end()) {
    metric.kind = known->second;
  } else if (percentile && percentile->value() >= 0 && percentile->value() <= 100) {
    metric.kind = Metric::Kind::kPercentile;
    metric.percentile = percentile->value();
  } else {
    return invalid(
        "\"" + name +
        "\" is no metric; there are first, last, distinct:FIELD, sum:FIELD, min:, max:, avg: and p95:FIELD, for any percentile");
  }
  if (colon + 1 >= name.size()) return invalid("\"" + kind + "\" wants a field, as in " + kind + ":duration_ms");
  STELE_ASSIGN(metric.paths, paths_of(name.substr(colon + 1)));
  return metric;
}

Result<AggregateQuestion> read_options(const Parameters& parameters) {
  AggregateQuestion out;
  out.log = parameters.text("log", "main");
  out.key_names = split_list(parameters.text("by"));
  if (out.key_names.size() > search::kGroupKeysMax) return invalid("by has at most four keys");
  for (const std::string& name : out.key_names) {
    if (std::count(out.key_names.begin(), out.key_names.end(), name) > 1) return invalid("by has \"" + name + "\" twice");
    STELE_ASSIGN(search::GroupKey key, read_key(name));
    out.request.by.push_back(std::move(key));
  }
  for (const std::string& name : split_list(parameters.text("metrics"))) {
    if (name == "count") continue;  // always there
    if (std::count(out.metric_names.begin(), out.metric_names.end(), name) > 0)
      return invalid("metrics has \"" + name + "\" twice");
    if (out.metric_names.size() == search::kMetricsMax) return invalid("there are at most sixteen metrics");
    STELE_ASSIGN(Metric metric, read_metric(name));
    out.request.metrics.push_back(std::move(metric));
    out.metric_names.push_back(name);
  }
  STELE_ASSIGN(const std::uint64_t limit, parameters.number("limit", kGroupsDefault));
  out.request.limit = std::min(limit, kLimitMax);
  const bool by_time = !out.request.by.empty() && out.request.by.front().unit;
  const std::string order = parameters.text("order", by_time ? "key" : "count");
  if (order != "key" && order != "count") return invalid("order is count or key, not \"" + order + "\"");
  out.request.order = order == "key" ? search::GroupOrder::kKey : search::GroupOrder::kCount;
  return out;
}

Status keep_question_to_mask(AggregateQuestion& question, const event::Mask* mask) {
  STELE_TRY(keep_to_mask(question.query, mask));
  for (search::GroupKey& key : question.request.by) STELE_TRY(keep_to_mask(key.paths, mask));
  for (Metric& metric : question.request.metrics) STELE_TRY(keep_to_mask(metric.paths, mask));
  return {};
}

void append_group(const AggregateQuestion& question, const search::Group& group, std::string& out) {
  out += "{\"key\":{";
  for (std::size_t i = 0; i < group.key.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, question.key_names[i]);
    out += ':';
    if (group.key[i]) {
      append_json_string(out, *group.key[i]);
    } else {
      out += "null";
    }
  }
  out += "},\"count\":";
  append_decimal(out, group.count);
  for (std::size_t i = 0; i < group.metrics.size(); ++i) {
    out += ',';
    append_json_string(out, question.metric_names[i]);
    out += ':';
    out += group.metrics[i].value_or("null");
  }
  out += '}';
}

Result<net::Response> answer(const AggregateQuestion& question, const Searched& searched, const GoOn& go_on) {
  STELE_ASSIGN(const search::AggregateResult result, search::aggregate(searched, question.query.term, question.request, go_on));
  std::string out = "{\"groups\":[";
  for (const search::Group& group : result.groups) {
    if (out.back() != '[') out += ',';
    append_group(question, group, out);
  }
  out += "],\"groups_total\":";
  append_decimal(out, result.groups_total);
  out += ",\"total\":";
  append_decimal(out, result.total);
  out += ",\"size\":";
  append_decimal(out, result.size);
  STELE_TRY(append_warnings(question.query.warnings, searched, result.total > 0, go_on, out));
  out += "}\n";
  return json_response(200, std::move(out));
}

void handle_aggregate(const Service& service, const net::Request& request, const Call& call, const net::Reply& reply) {
  const auto parameters = Parameters::read(request, {"q", "query", "log", "by", "metrics", "order", "limit"});
  if (!parameters) return reply.send(error_response(parameters.error()));
  auto read = read_options(*parameters);
  if (!read) return reply.send(error_response(read.error()));
  auto query = read_query(*parameters, service.clock.now());
  if (auto* wrong = std::get_if<net::Response>(&query)) return reply.send(std::move(*wrong));
  read->query = std::move(std::get<query::Query>(query));
  const auto searched = find_searched(service, call, read->log);
  if (!searched) return reply.send(error_response(searched.error()));
  if (const Status kept = keep_question_to_mask(*read, mask_of(call.identity).get()); !kept)
    return refuse(service, request, call, kept.error(), reply);
  const auto question = std::make_shared<AggregateQuestion>(std::move(*read));  // std::function copies its captures
  answer_search(service, reply,
                [question, searched = *searched](const GoOn& go_on) { return answer(*question, searched, go_on); });
}

}  // namespace

void add_aggregate_routes(Router& router, Service& service) {
  const auto aggregate = [&service](const net::Request& request, const Call& call, const net::Reply& reply) {
    handle_aggregate(service, request, call, reply);
  };
  constexpr auto on_record = audit::OnRecord::each("stele.log.counted", "counted entries of");
  router.add(showing(Shows::kMasked, {"GET", "/api/v1/aggregate", access::Permission::kRead, on_record, aggregate}));
  router.add(showing(Shows::kMasked, {"POST", "/api/v1/aggregate", access::Permission::kRead, on_record.of_body(), aggregate}));
}

}  // namespace stele::api
