// Which links the entries that are known lead to, and which they must not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "people/directory.h"
#include "timeline/facts.h"
#include "timeline/timeline.h"

namespace stele::timeline {

// Of one timeline. Not thread-safe.
class Candidates {
 public:
  // The directory outlives it.
  Candidates(const people::Directory& people, UnixNanos window) : people_(people), window_(window) {}

  // What was asked for, and the other accounts of whoever was.
  std::vector<Link> of_seed(const Link& seed);

  // An entry that is known since the last round. `names`: its actor is a link too.
  struct Lead {
    std::uint64_t index = 0;
    const Facts* facts = nullptr;
    bool names = true;
    bool is_told = false;  // who acted is: it is there because somebody became its actor
  };
  // The links of these that were not given before.
  std::vector<Link> next(const std::vector<Lead>& leads);

  // What next() did not give, and why, since this was last asked.
  std::vector<LeftOut> take_left_out() { return std::exchange(left_out_, {}); }

  // Whether what a search for the link found is of it: the same name may be another's elsewhere.
  [[nodiscard]] bool fits(const Link& link, const Facts& facts) const;
  // Who acted, as far as that names somebody: a person's id, else the account; empty for accounts of many, and for those that
  // somebody of this timeline became.
  [[nodiscard]] std::string person_of(const Facts& facts) const;
  // Of what led to a kWho, the latest that the account did between `from` and `before`.
  [[nodiscard]] std::optional<std::uint64_t> done_within(const Link& link, UnixNanos from, UnixNanos before) const;
  // What the account is that the entry changed to; at most for the window.
  [[nodiscard]] Link became(const Facts& facts, std::uint64_t index) const;
  // Of the entries that led to the link, the one whose time is nearest; `index` itself is not asked for if there is another.
  [[nodiscard]] std::optional<std::uint64_t> nearest(const Link& link, UnixNanos time, std::uint64_t index) const;

 private:
  [[nodiscard]] const people::Person* whose(std::string_view account) const;
  void add(Link link, std::vector<Link>& out);
  void add_near(Link link, UnixNanos time, std::uint64_t index);
  void add_actor(const Lead& lead);
  void add_ip(const Lead& lead);
  [[nodiscard]] bool is_of_many(const Facts& facts) const;
  void add_session(const Lead& lead, std::vector<Link>& out);
  void add_became(const Lead& lead, std::vector<Link>& out);
  void add_who(const Lead& lead);
  [[nodiscard]] UnixNanos reach_behind(const Link& link) const { return link.kind == Link::Kind::kWho ? 0 : window_; }
  void merge_near(std::vector<Link>& out);

  struct Known {
    UnixNanos time;
    std::uint64_t index;
  };
  struct Near {
    Link link;
    std::vector<Known> known;                              // that led to it, all
    std::vector<Known> fresh;                              // of this round
    std::vector<std::pair<UnixNanos, UnixNanos>> covered;  // was searched
  };

  const people::Directory& people_;
  UnixNanos window_;
  std::set<std::string> given_;  // keys of links that hold whenever
  std::set<std::string> said_;   // of those that were left out
  std::set<std::string> became_;
  std::map<std::string, Near> near_;
  std::vector<LeftOut> left_out_;
};

}  // namespace stele::timeline
