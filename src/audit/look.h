// What somebody asks to see, and what was refused, as entries of the log "audit" (docs/formats/access.md). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/doer.h"
#include "event/internal_event.h"

namespace stele::audit {

// What of the use of a route goes on record, and how often.
class OnRecord {
 public:
  // It shows no entry, and what nobody changes.
  static constexpr OnRecord never() { return {"", ""}; }
  // What it does is an entry as it is, or makes one itself.
  static constexpr OnRecord by_itself() { return {"", ""}; }
  // Each use, before its answer. `words`: what the doer did to the log, "searched".
  static constexpr OnRecord each(std::string_view action, std::string_view words) { return {action, words}; }
  // The first, and how many more there were.
  static constexpr OnRecord gathered(std::string_view action, std::string_view words) {
    OnRecord out(action, words);
    out.is_gathered = true;
    return out;
  }
  // The same of a route that takes its parameters from the body of a POST.
  [[nodiscard]] constexpr OnRecord of_body() const {
    OnRecord out = *this;
    out.is_of_body = true;
    return out;
  }
  // The same of a route whose answer may be one of several pages.
  [[nodiscard]] constexpr OnRecord in_pages() const {
    OnRecord out = *this;
    out.has_pages = true;
    return out;
  }

  // The same of a route that is about no log: what it shows is kept in "audit".
  [[nodiscard]] constexpr OnRecord of_no_log() const {
    OnRecord out = *this;
    out.is_of_no_log = true;
    return out;
  }

  std::string_view action;  // "stele.log.searched"; empty: it makes no entry
  std::string_view words;
  bool is_gathered = false;
  bool is_of_body = false;
  bool has_pages = false;
  bool is_of_no_log = false;

 private:
  constexpr OnRecord(std::string_view a, std::string_view w) : action(a), words(w) {}
};

struct Look {
  Doer doer;
  OnRecord kind;
  std::string log;         // whose entries
  std::string path;        // of the request
  std::string query;       // what was searched for, as it was typed
  std::string parameters;  // the others: "limit=10&order=oldest"
  std::string pages;       // of which search it is a further page (Recorder::begin_pages); empty: of none
};

struct Refusal {
  Doer doer;  // no identity where it is not known
  std::string method;
  std::string path;
  std::string why;
  bool is_known() const { return !doer.identity.empty(); }
};

event::InternalEvent look_event(const Look& look, UnixNanos now);
// `count` more of the same kind as `look`, from `since` on.
event::InternalEvent looks_event(const Look& look, std::uint64_t count, UnixNanos since, UnixNanos now);
event::InternalEvent refusal_event(const Refusal& refusal, UnixNanos now);
// `count` more from the same identity or `prefix`, of which `last` is the last.
event::InternalEvent refusals_event(const Refusal& last, const std::string& prefix, std::uint64_t count, UnixNanos since,
                                    UnixNanos now);

}  // namespace stele::audit
