#include "cli/entry_line.h"

#include <fmt/format.h>

#include <ctime>

#include "cli/json.h"

namespace stele::cli {
namespace {

constexpr std::size_t kNameCharacters = 80;
constexpr std::size_t kMessageCharacters = 300;
constexpr std::size_t kTargetsShown = 3;

// A text of the entry, fit to be shown. Where it is not UTF-8 it was stored as an object, which is named by its kind.
std::string shown(JsonValue value, std::size_t characters) {
  if (!value) return "-";
  if (value.is(event::JsonType::kString)) {
    const std::string text = value.text();
    return text.empty() ? "-" : clipped(printable(text), characters);
  }
  if (value["$base64"]) return clipped("base64:" + printable(value["$base64"].text()), characters);
  return clipped(printable(value.raw()), characters);
}

std::string typed(JsonValue value) {
  std::string out = shown(value["type"], kNameCharacters) + ":" + shown(value["id"], kNameCharacters);
  const std::string name = value["name"].text();
  if (!name.empty() && name != value["id"].text()) out += " (" + shown(value["name"], kNameCharacters) + ")";
  return out;
}

std::string targets_text(JsonValue targets) {
  std::string out;
  std::size_t count = 0;
  targets.for_each([&](JsonValue target) {
    if (++count <= kTargetsShown) out += (count == 1 ? "" : ",") + typed(target);
  });
  if (count > kTargetsShown) out += fmt::format(",+{}", count - kTargetsShown);
  return out.empty() ? "-" : out;
}

std::string painted_outcome(const std::string& outcome, const Palette& palette) {
  if (outcome == "denied") return palette.paint(Colour::kRed, outcome);
  if (outcome == "failure") return palette.paint(Colour::kYellow, outcome);
  if (outcome == "success") return palette.paint(Colour::kGreen, outcome);
  return outcome;
}

std::string painted_action(const std::string& action, const std::string& severity, const Palette& palette) {
  if (severity == "error" || severity == "critical" || severity == "alert" || severity == "emergency")
    return palette.paint(Colour::kRed, action);
  if (severity == "warning") return palette.paint(Colour::kYellow, action);
  return palette.paint(Colour::kBold, action);
}

}  // namespace

std::string time_text(UnixNanos time, bool local) {
  const std::int64_t fraction = (time % kSecond + kSecond) % kSecond;
  const std::time_t seconds = (time - fraction) / kSecond;
  std::tm tm{};
  if (local)
    localtime_r(&seconds, &tm);
  else
    gmtime_r(&seconds, &tm);
  char text[40];
  std::string out(text, std::strftime(text, sizeof text, local ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%S", &tm));
  out += fmt::format(".{:03}", fraction / 1'000'000);
  if (!local) return out + "Z";
  out.append(text, std::strftime(text, sizeof text, " %z", &tm));
  return out;
}

namespace {

// What each line begins with: index, time, source.
std::string line_head(std::uint64_t index, JsonValue top, const LineStyle& style) {
  auto time = parse_time(top["event"]["time"].text());
  if (!time) time = parse_time(top["received"].text());
  return style.palette.paint(Colour::kDim, std::to_string(index) + "  " + (time ? time_text(*time, style.local_time) : "-")) +
         "  " + shown(top["source"]["id"], kNameCharacters);
}

// The sentence in the colour that the outcome and the severity have elsewhere.
std::string painted_sentence(std::string_view sentence, JsonValue event, const Palette& palette) {
  const std::string outcome = event["outcome"].text();
  const std::string text = printable(sentence);
  if (outcome == "denied") return palette.paint(Colour::kRed, text);
  if (outcome == "failure") return palette.paint(Colour::kYellow, text);
  return text;
}

}  // namespace

std::string sentence_line(std::uint64_t index, std::string_view entry, std::string_view sentence, const LineStyle& style) {
  event::JsonTape tape;
  if (!parse_json(entry, tape)) return fmt::format("{}  (no entry that this program can read)", index);
  const JsonValue top(tape);
  return line_head(index, top, style) + "  " + painted_sentence(sentence, top["event"], style.palette);
}

std::string entry_line(std::uint64_t index, std::string_view entry, const LineStyle& style) {
  const Palette& palette = style.palette;
  event::JsonTape tape;
  if (!parse_json(entry, tape)) return fmt::format("{}  (no entry that this program can read)", index);
  const JsonValue top(tape);
  const JsonValue event = top["event"];
  std::string out = line_head(index, top, style);
  out += "  " + (event["actor"] ? typed(event["actor"]) : "-");
  out += "  " + painted_action(shown(event["action"], kNameCharacters), event["severity"].text(), palette);
  out += "  " + targets_text(event["targets"]);
  out += "  " + painted_outcome(shown(event["outcome"], kNameCharacters), palette);
  out += "  " + shown(event["origin"]["ip"], kNameCharacters);
  const JsonValue message = event["message"];
  if (message) out += "  " + palette.paint(Colour::kDim, "\"" + shown(message, kMessageCharacters) + "\"");
  return out;
}

}  // namespace stele::cli
