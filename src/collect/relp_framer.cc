#include "collect/relp_framer.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/bytes.h"

namespace stele::collect {
namespace {

constexpr std::size_t kDigitsMax = 9;
constexpr std::size_t kCommandMax = 32;
constexpr std::size_t kHeaderMax = kDigitsMax + 1 + kCommandMax + 1 + kDigitsMax + 1;

Error out_of_step(std::string_view what) { return invalid("no RELP frame: " + std::string(what)); }

std::optional<std::uint64_t> number_of(std::string_view text) {
  return text.size() > kDigitsMax ? std::nullopt : parse_decimal(text);
}

}  // namespace

void RelpFramer::push(std::string_view bytes) {
  buffer_.erase(0, begin_);
  begin_ = 0;
  buffer_ += bytes;
}

// "TXNR SP COMMAND SP DATALEN", up to the space before the data or the line feed of a frame without. Leaves in_data_ as it is
// while the header is not whole.
Status RelpFramer::read_header() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  const auto first = rest.find(' ');
  const auto second = first == std::string_view::npos ? first : rest.find(' ', first + 1);
  const auto end = second == std::string_view::npos ? second : rest.find_first_of(" \n", second + 1);
  if (end == std::string_view::npos) {
    if (rest.size() >= kHeaderMax || rest.find('\n') != std::string_view::npos) return out_of_step("its header has no end");
    return {};
  }
  const auto number = number_of(rest.substr(0, first));
  const std::string_view command = rest.substr(first + 1, second - first - 1);
  const auto length = number_of(rest.substr(second + 1, end - second - 1));
  if (!number || !length) return out_of_step("the transaction or the length is no number");
  if (command.empty() || command.size() > kCommandMax || !std::all_of(command.begin(), command.end(), is_letter))
    return out_of_step("the command is no word");
  if ((*length == 0) != (rest[end] == '\n')) return out_of_step("data and length contradict each other");
  number_ = static_cast<std::uint32_t>(*number);
  command_ = command;
  length_ = *length;
  skipped_ = 0;
  begin_ += *length == 0 ? end : end + 1;
  in_data_ = true;
  return {};
}

Result<std::optional<RelpFrame>> RelpFramer::next() {
  if (!in_data_) STELE_TRY(read_header());
  if (!in_data_) return std::optional<RelpFrame>();
  const std::uint64_t here = buffer_.size() - begin_;
  const std::size_t head = std::min(kRelpHeadBytes, data_max_);
  if (length_ > data_max_ && here > head) {  // beyond the head it is only counted
    const std::uint64_t drop = std::min(here, length_ - skipped_) - head;
    buffer_.erase(begin_ + head, drop);
    skipped_ += drop;
  }
  const std::uint64_t kept = length_ - skipped_;
  if (buffer_.size() - begin_ < kept + 1) return std::optional<RelpFrame>();
  const std::string_view data = std::string_view(buffer_).substr(begin_, kept);
  if (buffer_[begin_ + kept] != '\n') return out_of_step("there is no line feed behind the data");
  begin_ += kept + 1;
  in_data_ = false;
  return std::optional(RelpFrame{number_, command_, data.substr(0, length_ > data_max_ ? head : kept), length_});
}

std::string relp_response(std::uint32_t number, std::string_view data) {
  std::string out = std::to_string(number) + " rsp " + std::to_string(data.size());
  if (!data.empty()) out += " " + std::string(data);
  return out + "\n";
}

std::string relp_offers(std::string_view offers) {
  constexpr std::string_view kVersion = "relp_version=";
  std::string_view version = "0";
  if (const auto at = offers.find(kVersion); at != std::string_view::npos) {
    const std::string_view rest = offers.substr(at + kVersion.size());
    if (rest.starts_with('1')) version = "1";
  }
  return "200 OK\nrelp_version=" + std::string(version) + "\nrelp_software=stele," STELE_VERSION "\ncommands=syslog";
}

}  // namespace stele::collect
