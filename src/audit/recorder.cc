#include "audit/recorder.h"

#include <utility>
#include <vector>

namespace stele::audit {
namespace {

// Texts that a client chose may hold anything but this.
std::string key_of(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    out += std::to_string(part.size()) + ":";
    out += part;
  }
  return out;
}

std::string key_of(const Look& look) {
  const std::string_view query = look.kind.is_gathered ? std::string_view() : look.query;
  const std::string_view path = look.kind.is_gathered ? std::string_view() : look.path;
  return key_of({look.doer.identity, look.doer.address, look.kind.action, look.log, path, query});
}

}  // namespace

void Recorder::write(const event::InternalEvent& event, std::function<void(const Status&)> done) {
  auto batch = event::internal_batch(event);
  if (!batch) return done(batch.error());
  ++entries_;
  audit_.submit_note(std::move(*batch), [this, done = std::move(done)](const Result<log::Delivered>& delivered) {
    if (!delivered) ++unwritten_;
    done(delivered ? Status() : Status(delivered.error()));
  });
}

// Whether an entry stands for it that is durable. Under no lock.
bool Recorder::is_told(const Look& look, const std::string& key) {
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  if (look.kind.is_gathered) {
    const auto found = gathered_.find(key);
    if (found == gathered_.end() || found->second.until <= now) return false;
    ++found->second.more;
    return true;
  }
  const auto found = looks_.find(key);
  return look.continues && found != looks_.end() && found->second > now;
}

void Recorder::tell(const Look& look, const std::string& key, const Status& written) {
  if (!written) return;
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  if (look.kind.is_gathered) {
    if (gathered_.size() >= options_.told_apart_max) return;
    gathered_.emplace(key, Looks{look, clock_.now(), now + options_.gather, 0});
    return;
  }
  if (looks_.size() >= options_.told_apart_max) std::erase_if(looks_, [&](const auto& one) { return one.second <= now; });
  if (looks_.size() < options_.told_apart_max) looks_[key] = now + options_.same_look;
}

bool Recorder::look(const Look& look, std::function<void(const Status&)> done) {
  const std::string key = key_of(look);
  if (is_told(look, key)) return true;
  write(look_event(look, clock_.now()), [this, look, key, done = std::move(done)](const Status& written) {
    tell(look, key, written);
    done(written ? written
                 : Status(written.error().in("what is looked at goes on record first, and that cannot be written now")));
  });
  return false;
}

void Recorder::refuse(const Refusal& refusal) {
  ++refused_;
  std::string prefix = refusal.is_known() ? "" : prefix_of(refusal.doer.address);
  std::string key = key_of({refusal.doer.identity, prefix});
  {
    const std::lock_guard lock(mutex_);
    auto found = refusals_.find(key);
    if (found == refusals_.end() && refusals_.size() >= options_.told_apart_max) {
      prefix = "many networks";
      key = key_of({"", prefix});
      found = refusals_.find(key);
    }
    if (found == refusals_.end()) {
      const std::int64_t until = clock_.monotonic() + options_.refusals;
      found = refusals_.emplace(key, Refusals{refusal, prefix, clock_.now(), until, 0, 0}).first;
    }
    Refusals& refusals = found->second;
    if (refusals.in_full >= options_.refusals_in_full || audit_.stopped()) {
      refusals.last = refusal;
      ++refusals.more;
      return;
    }
    ++refusals.in_full;
  }
  write(refusal_event(refusal, clock_.now()), [](const Status&) {});
}

void Recorder::gather_until(std::int64_t monotonic) {
  std::vector<event::InternalEvent> events;
  const UnixNanos now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(gathered_, [&](const auto& one) {
      const Looks& looks = one.second;
      if (looks.until > monotonic) return false;
      if (looks.more > 0) events.push_back(looks_event(looks.first, looks.more, looks.since, now));
      return true;
    });
    std::erase_if(refusals_, [&](const auto& one) {
      const Refusals& refusals = one.second;
      if (refusals.until > monotonic) return false;
      if (refusals.more > 0) events.push_back(refusals_event(refusals.last, refusals.prefix, refusals.more, refusals.since, now));
      return true;
    });
  }
  for (const event::InternalEvent& event : events) write(event, [](const Status&) {});
}

void Recorder::gather() {
  if (!audit_.stopped()) gather_until(clock_.monotonic());
}

void Recorder::close() { gather_until(INT64_MAX); }

void Recorder::append_metrics(MetricsText& out) const {
  out.counter("stele_audit_entries_total", "Entries that record looks and refusals.", entries_);
  out.counter("stele_access_refused_total", "Requests that were refused for who asked.", refused_);
  out.counter("stele_audit_unwritten_total", "Of the entries that record looks and refusals, those that could not be written.",
              unwritten_);
}

}  // namespace stele::audit
