#include "notify/outbox.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"

namespace stele::notify {
namespace {

constexpr std::string_view kSeveral = "several";

// `later` stands for `earlier` too.
void sum_up(Notice& earlier, Notice later) {
  const UnixNanos since = earlier.more > 0 ? earlier.since : earlier.time;
  later.since = later.more > 0 ? std::min(since, later.since) : since;
  later.more += earlier.more + 1;
  earlier = std::move(later);
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, is_utf8(text) ? text : "?");
}

}  // namespace

Outbox::Waiting* Outbox::find(const Topic& topic) {
  const auto it = std::ranges::find_if(waiting_, [&](const Waiting& one) { return topic_of(one.notice) == topic; });
  return it == waiting_.end() ? nullptr : &*it;
}

void Outbox::take(const Notice& notice, UnixNanos now) {
  if (Waiting* same = find(topic_of(notice))) return sum_up(same->notice, notice);
  Waiting fresh{notice, now};
  if (waiting_.size() >= kTopicsMax) {
    fresh.notice.subject_type = kSeveral;
    fresh.notice.subject = kSeveral;
    if (Waiting* several = find(topic_of(fresh.notice))) return sum_up(several->notice, std::move(fresh.notice));
  }
  if (const auto quiet = quiet_until_.find(topic_of(fresh.notice)); quiet != quiet_until_.end() && !is_due(quiet->second, now))
    fresh.due = quiet->second;
  waiting_.push_back(std::move(fresh));
}

const Notice* Outbox::next(UnixNanos now) {
  if (trying_) return &*trying_;
  const auto it = std::ranges::find_if(waiting_, [&](const Waiting& one) { return is_due(one.due, now); });
  if (it == waiting_.end()) return nullptr;
  trying_ = std::move(it->notice);
  waiting_.erase(it);
  return &*trying_;
}

std::optional<UnixNanos> Outbox::due(UnixNanos now) const {
  if (trying_) return now;
  std::optional<UnixNanos> earliest;
  for (const Waiting& one : waiting_) {
    const UnixNanos due = is_due(one.due, now) ? now : one.due;
    earliest = std::min(earliest.value_or(due), due);
  }
  return earliest;
}

void Outbox::sent(UnixNanos now) {
  if (!trying_) return;
  const Topic topic = topic_of(*trying_);
  trying_.reset();
  std::erase_if(quiet_until_, [&](const auto& one) { return is_due(one.second, now); });
  if (quiet_ == 0) return;
  quiet_until_[topic] = now + quiet_;
  if (Waiting* next = find(topic)) next->due = now + quiet_;
}

std::uint64_t Outbox::pending() const {
  std::uint64_t count = trying_ ? trying_->more + 1 : 0;
  for (const Waiting& one : waiting_) count += one.notice.more + 1;
  return count;
}

std::string Outbox::json() const {
  std::string out = "{";
  if (trying_) out += "\"trying\":" + notice_json(*trying_) + ",";
  out += "\"waiting\":[";
  for (const Waiting& one : waiting_) {
    if (out.back() != '[') out += ',';
    out += "{\"due\":\"" + format_time(one.due) + "\",\"notice\":" + notice_json(one.notice) + "}";
  }
  out += "],\"quiet\":[";
  for (const auto& [topic, until] : quiet_until_) {
    if (out.back() != '[') out += ',';
    out += "{\"until\":\"" + format_time(until) + "\"";
    append_text(out, "kind", std::get<0>(topic));
    append_text(out, "type", std::get<1>(topic));
    append_text(out, "id", std::get<2>(topic));
    out += '}';
  }
  return out + "]}";
}

Status Outbox::restore(event::JsonValue json) {
  Outbox read(quiet_);
  Status status;
  if (const auto trying = json["trying"]) {
    STELE_ASSIGN(read.trying_, read_notice(trying));
  }
  json["waiting"].for_each([&](event::JsonValue one) {
    auto notice = read_notice(one["notice"]);
    const auto due = parse_time(one["due"].text());
    if (!notice || !due) {
      status = invalid("a notice that waits is none");
      return;
    }
    read.waiting_.push_back({std::move(*notice), *due});
  });
  json["quiet"].for_each([&](event::JsonValue one) {
    const auto until = parse_time(one["until"].text());
    if (!until) {
      status = invalid("a quiet time has no end");
      return;
    }
    read.quiet_until_[{one["kind"].text(), one["type"].text(), one["id"].text()}] = *until;
  });
  STELE_TRY(status);
  *this = std::move(read);
  return {};
}

}  // namespace stele::notify
