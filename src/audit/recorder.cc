#include "audit/recorder.h"

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/network_prefix.h"
#include "crypto/sha256.h"

namespace stele::audit {
namespace {

// A hash: what clients choose may be long, and hold anything.
std::string key_of(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    out += std::to_string(part.size()) + ":";
    out += part;
  }
  const Hash hash = crypto::sha256(as_byte_span(out));
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string pages_key(const Doer& doer, const std::string& log, const std::string& pages) {
  return key_of({doer.identity, log, pages});
}

std::string key_of(const Look& look) {
  if (!look.kind.is_gathered) return pages_key(look.doer, look.log, look.pages);
  return key_of({look.doer.identity, look.doer.address, look.kind.action, look.log});
}

}  // namespace

void Recorder::write(const event::InternalEvent& event, std::function<void(const Status&)> done) {
  ++entries_;
  auto batch = event::internal_batch(event);
  if (!batch) {
    ++unwritten_;
    return done(unavailable(batch.error().message));
  }
  audit_.submit_note(std::move(*batch), [this, done = std::move(done)](const Result<log::Delivered>& delivered) {
    if (!delivered) ++unwritten_;
    done(delivered ? Status() : Status(delivered.error()));
  });
}

void Recorder::note(const event::InternalEvent& event) {
  write(event, [](const Status&) {});
}

// Whether an entry stands for it that is durable.
bool Recorder::is_told(const Look& look, const std::string& key) {
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  if (look.kind.is_gathered) {
    const auto found = gathered_.find(key);
    if (found == gathered_.end() || found->second.until <= now) return false;
    ++found->second.more;
    return true;
  }
  const auto found = pages_.find(key);
  return !look.pages.empty() && found != pages_.end() && found->second > now;
}

// Its entry is durable.
void Recorder::tell(const Look& look, const std::string& key) {
  const std::int64_t now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  if (look.kind.is_gathered) {
    if (gathered_.size() >= options_.told_apart_max) return;
    gathered_.emplace(key, Looks{look, clock_.now(), now + options_.gather, 0});
    return;
  }
  if (!look.pages.empty()) remember_pages(key);
}

// Under the mutex.
void Recorder::remember_pages(const std::string& key) {
  const std::int64_t now = clock_.monotonic();
  if (pages_.size() >= options_.told_apart_max) std::erase_if(pages_, [&](const auto& one) { return one.second <= now; });
  if (pages_.size() < options_.told_apart_max) pages_[key] = now + options_.pages;
}

void Recorder::begin_pages(const Doer& doer, const std::string& log, const std::string& pages, const std::string& instead_of) {
  const std::lock_guard lock(mutex_);
  if (!instead_of.empty()) pages_.erase(pages_key(doer, log, instead_of));
  remember_pages(pages_key(doer, log, pages));
}

bool Recorder::look(const Look& look, std::function<void(const Status&)> done) {
  const std::string key = key_of(look);
  // While the log takes nothing not even the count of what an entry stands for would be one.
  const auto stopped = audit_.stopped();
  if (!stopped && is_told(look, key)) return true;
  const std::int64_t asked = clock_.monotonic();
  write(look_event(look, clock_.now()), [this, look, key, asked, done = std::move(done)](const Status& written) {
    waits_.record(clock_.monotonic() - asked);
    if (written) tell(look, key);
    done(written ? written
                 : Status(written.error().in("what is looked at goes on record first, and that cannot be written now")));
  });
  return false;
}

void Recorder::refuse(const Refusal& refusal) {
  ++refused_;
  std::string prefix = refusal.is_known() ? "" : network_prefix(refusal.doer.address);
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
    const std::int64_t now = clock_.monotonic();
    if (strangers_until_ <= now) {
      strangers_until_ = now + options_.refusals;
      strangers_ = 0;
    }
    const bool too_many = !refusal.is_known() && strangers_ >= options_.strangers_in_full;
    if (refusals.in_full >= options_.refusals_in_full || too_many || audit_.stopped()) {
      refusals.last = refusal;
      ++refusals.more;
      return;
    }
    ++refusals.in_full;
    strangers_ += refusal.is_known() ? 0U : 1U;
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
  out.histogram("stele_audit_wait_seconds", "From a look to the entry that records it.", waits_);
}

}  // namespace stele::audit
