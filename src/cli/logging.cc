#include "cli/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/json_text.h"

namespace stele::cli {
namespace {

// The message as the inside of a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string escaped;
    append_json_escaped(escaped, is_utf8(text) ? text : "(not UTF-8)");
    out.append(escaped.data(), escaped.data() + escaped.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

void start_logging() {
  auto logger = spdlog::stderr_color_mt("stele");
  if (::isatty(STDERR_FILENO) != 0) {
    logger->set_pattern("%H:%M:%S %^%-5l%$ %v");
  } else {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":"%*"})");
    logger->set_formatter(std::move(formatter));
  }
  spdlog::set_default_logger(logger);
}

void quieten_server() {
  static const auto kLogger = [] {
    auto logger = spdlog::stderr_color_mt("stele");
    logger->set_level(spdlog::level::warn);
    logger->set_pattern("stele: %v");
    return logger;
  }();
  spdlog::set_default_logger(kLogger);
}

}  // namespace stele::cli
