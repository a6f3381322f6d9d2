// stele verify: is the log what it says it is?
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "crypto/random.h"
#include "io/file.h"
#include "keyring/encrypted_files.h"
#include "net/http_client.h"
#include "server/master_key_source.h"
#include "verify/directory.h"
#include "verify/receipt.h"
#include "verify/remote.h"

namespace stele::cli {
namespace {

constexpr int kAnchorAbsent = 3;
constexpr std::uint64_t kFileBytesMax = 256U << 20;
constexpr std::size_t kFindingsShown = 50;

struct Options {
  std::string data;
  std::string url;
  net::Trust trust;
  std::string log = "main";
  std::vector<std::string> receipts;
  std::optional<std::string> key;
  std::vector<std::string> since;
  std::string master_key;
  bool require_anchor = false;
  bool json = false;
};

// A verifier key as text, or a file that holds one.
Result<merkle::VerifierKey> read_key(const std::string& text) {
  if (auto key = merkle::parse_verifier_key(text)) return key;
  auto file = io::read_file(io::posix(), text, 4096);
  if (!file) return invalid("--key is neither a verifier key (name+id+base64) nor a file with one: " + text);
  while (!file->empty() && file->back() == '\n') file->pop_back();
  auto key = merkle::parse_verifier_key(*file);
  if (!key) return key.error().in(text);
  return key;
}

// A checkpoint on its own, or the one in a proof file.
Result<verify::Anchor> read_since(const std::string& path) {
  STELE_ASSIGN(std::string text, io::read_file(io::posix(), path, kFileBytesMax));
  if (auto proof = merkle::parse_proof_file(text)) text = proof->checkpoint;
  if (const auto note = merkle::parse_note(text); !note) return note.error().in(path);
  return verify::Anchor{path, text, {}};
}

Result<verify::Receipt> read_receipt(const std::string& path) {
  STELE_ASSIGN(const std::string text, io::read_file(io::posix(), path, kFileBytesMax));
  auto receipt = verify::parse_receipt(text);
  if (!receipt) return receipt.error().in(path);
  receipt->name = path;
  return receipt;
}

// The directory of the log: DIR is a server's data directory, or a log's own.
std::string log_dir(const Options& options) {
  struct stat st {};
  if (::stat((options.data + "/log.json").c_str(), &st) == 0) return options.data;
  return options.data + "/logs/" + options.log;
}

// A URL of a server, or of a log on it.
std::string log_prefix(const Options& options) {
  std::string prefix = options.url;
  while (prefix.ends_with('/')) prefix.pop_back();
  const auto scheme = prefix.find("://");
  const bool has_path = prefix.find('/', scheme == std::string::npos ? 0 : scheme + 3) != std::string::npos;
  return has_path ? prefix : prefix + "/log/" + options.log;
}

// Asks again where the server says "not now": a verification of hours does not end for a full moment.
Result<net::ClientAnswer> get_patiently(net::HttpClient& client, const std::string& target) {
  constexpr int kTries = 30;
  constexpr std::int64_t kSecondsMax = 5;
  for (int tries = 1;; ++tries) {
    STELE_ASSIGN(auto answer, client.get(target));
    if ((answer.status != 429 && answer.status != 503) || tries == kTries) return answer;
    std::this_thread::sleep_for(std::chrono::seconds(std::clamp<std::int64_t>(answer.retry_after, 1, kSecondsMax)));
  }
}

// The key of sealed values, where it lies beside the logs and may be read.
Result<std::optional<log::SealingKey>> read_sealing_key(const Options& options, const keyring::KeyringPtr& ring) {
  constexpr std::uint64_t kBytesMax = 4096;
  const std::string path = options.data + "/keys/" + options.log + ".sealing-key";
  keyring::EncryptedFiles encrypted(io::posix(), ring, crypto::system_random());
  const auto text = io::read_file(ring ? static_cast<io::FileSystem&>(encrypted) : io::posix(), path, kBytesMax);
  if (!text) return std::optional<log::SealingKey>();
  auto key = log::parse_sealing_key(*text);
  if (!key) return key.error().in(path);
  return std::optional(*key);
}

Status check(const Options& options, verify::Options& checks, verify::Report& report) {
  if (options.key && options.key->empty()) return invalid("--key is empty: whatever was to say it said nothing");
  if (options.key) {
    STELE_ASSIGN(checks.key, read_key(*options.key));
  }
  for (const std::string& path : options.since) {
    STELE_ASSIGN(checks.anchors.emplace_back(), read_since(path));
  }
  std::vector<std::string> leafless;
  for (const std::string& path : options.receipts) {
    STELE_ASSIGN(const auto receipt, read_receipt(path));
    if (receipt.leaves.empty()) leafless.push_back(path);
    if (receipt.leaves.empty() && options.data.empty() && options.url.empty()) {
      return invalid(path +
                     " has no leaves, so it is checked only with the log: add --data DIR or --url URL, or keep whole answers" +
                     " (results=full)");
    }
    STELE_TRY(verify::verify_receipt(receipt, checks, report));
    checks.anchors.push_back(verify::anchor_of(receipt));
  }
  if (options.data.empty() && options.url.empty()) {
    if (options.receipts.empty()) return invalid("say what to verify: --data DIR, --url URL, or --receipt FILE");
    return {};
  }
  // What the receipts said on their own is checked again against the log; what is counted is the log.
  verify::Report whole;
  whole.findings = std::move(report.findings);
  for (const std::string& path : leafless)
    whole.leave(path, "which entries were acknowledged: it has no leaves; that its checkpoint is the log's is checked");
  if (!options.data.empty()) {
    const std::string dir = log_dir(options);
    struct stat st {};
    if (::stat(dir.c_str(), &st) != 0) {
      return Error{Code::kNotFound, "there is no log at " + dir +
                                        ": --data takes a server's data directory, with --log NAME for " +
                                        "another log than main, or one log's own directory"};
    }
    STELE_ASSIGN(const auto masters, server::read_master_keys(options.master_key, options.data));
    STELE_ASSIGN(checks.keys.ring, keyring::read_keyring(io::posix(), dir, masters));
    if (dir != options.data) {
      STELE_ASSIGN(checks.keys.sealing, read_sealing_key(options, checks.keys.ring));
    }
    STELE_TRY(verify::verify_directory(io::posix(), dir, checks, whole));
    if (dir != options.data) whole.leave(options.data, "what lies beside logs/" + options.log + ": no part of this log");
  } else {
    net::HttpClient client(log_prefix(options));
    client.set_token(environment_token());
    STELE_TRY(check_trust(options.trust, options.url));
    client.set_trust(trust_of(options.trust));
    const verify::Fetch fetch = [&client, &options](const std::string& path) -> Result<std::string> {
      STELE_ASSIGN(auto answer, get_patiently(client, "/" + path));
      if (answer.status == 200) return std::move(answer.body);
      if (answer.status == 404 && path == "key")
        return Error{Code::kNotFound,
                     "there is no log at " + log_prefix(options) + " (status 404); --url takes a server, or one log on it"};
      const Code code = answer.status == 404 ? Code::kNotFound : Code::kUnavailable;
      return Error{code, path + " is answered with status " + std::to_string(answer.status)};
    };
    const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(100)); };
    STELE_TRY(verify::verify_remote(fetch, wait, checks, whole));
  }
  report = std::move(whole);
  return {};
}

std::string list_json(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    append_json_string(out, is_utf8(value) ? value : "?");
  }
  return out + "]";
}

void append_member(std::string& out, std::string_view name, const std::string& value) {
  out += fmt::format(",\"{}\":", name);
  append_json_string(out, is_utf8(value) ? value : "?");
}

void print_json(const verify::Report& report, bool anchored, double seconds, int exit_code) {
  std::string out =
      fmt::format(R"({{"intact":{},"anchored":{},"anchors":{},"origin":)", report.intact(), anchored, list_json(report.anchors));
  append_json_string(out, report.origin);
  out += fmt::format(R"(,"size":{},"root":"{}","checkpoints":{},"files":{},"tiles":{},"entry_bytes":{},"file_bytes":{})"
                     R"(,"apart_values":{},"apart_erased":{})"
                     R"(,"seconds":{:.3f},"entries_per_second":{:.0f})",
                     report.entries, base64_encode(as_byte_span(report.root)), report.checkpoints, report.files, report.tiles,
                     report.entry_bytes, report.file_bytes, report.apart_values, report.apart_erased, seconds,
                     static_cast<double>(report.entries) / seconds);
  out += fmt::format(",\"anchored_entries\":{},\"findings\":[", report.anchored_entries);
  for (const verify::Finding& finding : report.findings) {
    out += &finding == report.findings.data() ? "{\"kind\":" : ",{\"kind\":";
    append_json_string(out, finding.kind);
    append_member(out, "where", finding.where);
    append_member(out, "message", finding.message);
    if (finding.first < finding.end) out += fmt::format(",\"first\":{},\"count\":{}", finding.first, finding.end - finding.first);
    out += '}';
  }
  out += "],\"uncovered\":[";
  for (const verify::Uncovered& what : report.uncovered) {
    out += &what == report.uncovered.data() ? "{\"why\":" : ",{\"why\":";
    append_json_string(out, what.why);
    append_member(out, "where", what.where);
    if (what.from < what.to) out += fmt::format(",\"from\":{},\"bytes\":{}", what.from, what.to - what.from);
    out += '}';
  }
  out += fmt::format("],\"exit\":{}}}\n", exit_code);
  fmt::print("{}", out);
}

void print_text(const verify::Report& report, bool anchored, double seconds) {
  const bool color = ::isatty(STDOUT_FILENO) != 0;
  const char* verdict = report.intact() ? "intact" : "DAMAGED";
  const char* paint = !color ? "" : report.intact() ? "\033[32m" : "\033[31;1m";
  fmt::print("{}{}{}  {}\n", paint, verdict, color ? "\033[0m" : "", printable(report.origin));
  fmt::print("  entries      {}  ({:.1f} MB, {:.0f} entries/s, {:.2f} s)\n", report.entries,
             static_cast<double>(report.entry_bytes) / 1e6, static_cast<double>(report.entries) / seconds, seconds);
  fmt::print("  root         {}\n", base64_encode(as_byte_span(report.root)));
  if (report.apart_values + report.apart_erased > 0) {
    fmt::print("  kept apart   {} as the entries commit to them ({:.1f} MB), {} erased\n",
               counted(report.apart_values, "value", "values"), static_cast<double>(report.apart_bytes) / 1e6,
               report.apart_erased);
  }
  fmt::print("  checkpoints  {}   tiles {}   files {} ({:.1f} MB)\n", report.checkpoints, report.tiles, report.files,
             static_cast<double>(report.file_bytes) / 1e6);
  for (std::size_t i = 0; i < std::min(report.findings.size(), kFindingsShown); ++i) {
    const verify::Finding& finding = report.findings[i];
    fmt::print("  {}{}{}: {}: {}\n", color ? "\033[31m" : "", finding.kind, color ? "\033[0m" : "", printable(finding.where),
               printable(finding.message));
  }
  if (report.findings.size() > kFindingsShown)
    fmt::print("  … and {} more; --json lists them all\n", report.findings.size() - kFindingsShown);
  for (const verify::Uncovered& what : report.uncovered) fmt::print("  not covered: {}\n", printable(what.text()));
  for (const std::string& anchor : report.anchors) fmt::print("  anchored to: {}\n", printable(anchor));
  fmt::print("  anchored: {}\n", anchored);
  if (report.anchored_entries > 0 && report.anchored_entries < report.entries)
    fmt::print("    the first {} entries; those behind them rest on the log's own key alone\n", report.anchored_entries);
  if (!anchored) {
    fmt::print(
        "    Whoever keeps this log could have rewritten it whole, key and all. Give a key, a checkpoint or a receipt\n"
        "    that was kept elsewhere: --key, --since, --receipt.\n");
  }
}

int verify_command(const Options& options) {
  verify::Options checks;
  verify::Report report;
  const bool show_progress = ::isatty(STDERR_FILENO) != 0;
  if (show_progress) {
    checks.progress = [](std::uint64_t done, std::uint64_t total) { fmt::print(stderr, "\r  {} of {} entries", done, total); };
  }
  const auto start = std::chrono::steady_clock::now();
  const Status checked = check(options, checks, report);
  const double seconds = std::max(1e-6, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (show_progress) fmt::print(stderr, "\r\033[K");
  if (!checked) {
    fmt::print(stderr, "stele verify: {}\n", printable(checked.error().message));
    return kCouldNot;
  }
  const bool anchored = !report.anchors.empty();
  const int exit_code = !report.intact() ? kNo : options.require_anchor && !anchored ? kAnchorAbsent : kDone;
  if (options.json)
    print_json(report, anchored, seconds, exit_code);
  else
    print_text(report, anchored, seconds);
  return exit_code;
}

}  // namespace

void add_verify(const Command& app, int& exit_code) {
  const Command command = app.add_subcommand("verify", "Check a log, or a receipt, from its bytes up. Changes nothing.");
  auto options = std::make_shared<Options>();  // shared by the flags and the callback
  options->master_key = environment_master_key();
  Option data =
      command.add_option("--data", options->data, "Data directory, or one log's directory; live, closed or just killed.");
  const Option url = command.add_option("--url", options->url, "Server, or one log on it: http://127.0.0.1:7373[/log/main]");
  data.excludes(url);
  add_trust_options(command, options->trust);
  command.add_option("--log", options->log, "Which log of a data directory or server.").show_default();
  command.add_option("--receipt", options->receipts, "Receipt, as the server answered it. Alone, or against --data.");
  command.add_option("--key", options->key, "The log's verifier key, known from elsewhere: as text or a file.");
  command.add_option("--since", options->since, "Checkpoint or proof kept from earlier: the log must still contain it.");
  command.add_option("--master-key", options->master_key,
                     "Of a log that is encrypted on disk, where its key is: file:PATH, env:NAME or command:WORDS. Else "
                     "STELE_MASTER_KEY says it.");
  command.add_flag("--require-anchor", options->require_anchor,
                   "Exit 3 unless a key, checkpoint or receipt from outside was given.");
  command.add_flag("--json", options->json, "One JSON object.");
  command.footer(
      "Exit: 0 intact, 1 damage, 2 could not be checked, 3 anchor required and absent.\n"
      "Example: stele verify --data stele-data --key main.vkey --since last-month.checkpoint");
  command.callback([options, &exit_code] { exit_code = verify_command(*options); });
}

}  // namespace stele::cli
