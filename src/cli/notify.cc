// stele notify test: does what needs a person reach one?
#include <fmt/format.h>

#include <atomic>

#include "cli/command.h"
#include "cli/server_flags.h"
#include "cli/text.h"
#include "server/notify_config.h"

namespace stele::cli {
namespace {

constexpr const char* kExamples =
    "Example:\n"
    "  stele notify test --config /etc/stele.yaml\n\n"
    "Exit code: 0 every destination took it, 1 one did not, 2 there is none, or the configuration is wrong.";

notify::Notice test_notice() {
  notify::Notice notice;
  notice.kind = "notify.test";
  notice.severity = "info";
  notice.message = "This is a test: notifications of Stele arrive here.";
  notice.time = system_clock().now();
  notice.id = notify::notice_id(notice);
  return notice;
}

int notify_test(const ServerFlags& flags) {
  const auto config = read_config(flags);
  if (!config) {
    complain("notify test", config.error().message);
    return kCouldNot;
  }
  const auto destinations = server::make_destinations(*config, system_clock());
  if (!destinations) {
    complain("notify test", destinations.error().message);
    return kCouldNot;
  }
  if (destinations->empty()) {
    complain("notify test", "the configuration names no destination: set notify_webhook or notify_mail_to");
    return kCouldNot;
  }
  const notify::Notice notice = test_notice();
  const std::atomic<bool> never{false};
  int exit_code = kDone;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& one : *destinations) {
    const Status sent = one->send(notice, never);
    if (!sent) exit_code = kNo;
    rows.emplace_back(one->name(),
                      printable(one->place()) + (sent ? "  delivered" : "  FAILED: " + printable(sent.error().message)));
  }
  const int put = put_whole("notify test", two_columns(rows));
  return put == kDone ? exit_code : put;
}

}  // namespace

void add_notify(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("notify", "What the server tells people of by webhook and e-mail.");
  command.require_subcommand();
  const Command test = command.add_subcommand("test", "Send a test notification to every destination of a configuration.");
  auto flags = std::make_shared<ServerFlags>();  // shared by the flags and the callback
  add_server_flags(test, *flags, "notify_");
  test.footer(kExamples);
  test.callback([flags, &exit_code] { exit_code = notify_test(*flags); });
}

}  // namespace stele::cli
