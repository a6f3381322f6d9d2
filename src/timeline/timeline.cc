#include "timeline/timeline.h"

#include <algorithm>
#include <map>

#include "query/term_maker.h"
#include "search/searcher.h"
#include "timeline/candidates.h"

namespace stele::timeline {
namespace {

constexpr std::size_t kWhyMax = 8;

using search::Hit;
using search::SearchRequest;
using search::SearchResult;

class Follower {
 public:
  Follower(const search::Searched& searched, const people::Directory& people, const TimelineRequest& request,
           const search::GoOn& go_on)
      : searched_(searched), request_(request), go_on_(go_on), candidates_(people, request.window) {}

  Result<Timeline> run() {
    out_.size = searched_.log->store()->size();
    std::vector<Link> links = candidates_.of_seed(request_.seed);
    for (std::uint64_t round = 0; !links.empty() && !is_over(); ++round) {
      if (round > request_.depth) {
        out_.truncated.insert("depth");
        break;
      }
      STELE_TRY(follow_all(links, round == 0));
      links = candidates_.next(fresh());
      for (LeftOut& one : candidates_.take_left_out()) leave_out(std::move(one.link), std::move(one.reason));
    }
    return finish();
  }

 private:
  struct Known {
    std::string entry;
    Facts facts;
    std::vector<Why> why;
    bool leads = false;     // further links are taken of it
    bool is_fresh = false;  // and were not yet
  };

  [[nodiscard]] bool is_over() const { return out_.truncated.contains("time"); }

  Status follow_all(std::vector<Link>& links, bool asked_for) {
    for (std::size_t i = 0; i < links.size() && !is_over(); ++i) {
      if (!asked_for && i >= kLinksMax) {
        out_.truncated.insert("links");
        for (; i < links.size(); ++i) leave_out(std::move(links[i]), "too many links in one round");
        break;
      }
      STELE_TRY(follow(links[i], asked_for));
    }
    return {};
  }

  Result<SearchResult> search(const Link& link, query::Term term, const SearchRequest& wanted) {
    std::vector<query::Term> all;
    if (term.kind != query::Term::Kind::kAll) all.push_back(std::move(term));
    if (request_.since || request_.until) all.push_back(time_within(request_.since, request_.until));
    if (link.kind == Link::Kind::kQuery && request_.query.kind != query::Term::Kind::kAll) all.push_back(request_.query);
    auto result = search::search(searched_, query::all_of(std::move(all)), wanted, go_on_);
    if (!result && result.error().code == Code::kUnavailable && !go_on_()) {
      out_.truncated.insert("time");
      if (!known_.empty()) return SearchResult();
    }
    return result;
  }

  Status follow(Link& link, bool asked_for) {
    if (link.kind == Link::Kind::kBecame) {
      const auto known = known_.find(link.through.value_or(0));
      STELE_TRY(find_end(link, known == known_.end() ? std::string() : known->second.facts.process));
    }
    SearchRequest wanted;
    wanted.limit = asked_for ? request_.limit : std::max(request_.limit, kCommonMax);
    STELE_ASSIGN(SearchResult result, search(link, term_of(link), wanted));
    if (!asked_for && result.total > common_max(link)) {
      leave_out(std::move(link), "too common: it has " + std::to_string(result.total) + " entries", result.total);
      return {};
    }
    std::vector<std::pair<Hit*, Facts>> fit;
    for (Hit& hit : result.hits) {
      Facts facts = read_facts(hit.entry);
      if (!candidates_.fits(link, facts)) continue;
      if (link.kind == Link::Kind::kWho) {
        STELE_ASSIGN(const bool led, led_to(link, facts, hit.index));
        if (!led) continue;
      }
      fit.emplace_back(&hit, std::move(facts));
    }
    if (!asked_for && link.kind == Link::Kind::kSession) {
      std::set<std::string> people;
      for (const auto& [hit, facts] : fit) {
        if (std::string person = candidates_.person_of(facts); !person.empty()) people.insert(std::move(person));
      }
      if (people.size() > 1) {
        leave_out(std::move(link), "of several people: " + *people.begin() + ", " + *people.rbegin(), result.total);
        return {};
      }
    }
    const std::size_t number = out_.links.size();
    if (result.more) out_.truncated.insert("entries");
    bool found = asked_for;
    for (auto& [hit, facts] : fit) found = add(link, number, *hit, std::move(facts)) || found;
    // What had nothing but the entry that it is of tells nobody anything.
    if (found) out_.links.push_back({std::move(link), result.total});
    return {};
  }

  [[nodiscard]] std::uint64_t common_max(const Link& link) const {
    if (link.kind == Link::Kind::kWho) return kSwitchesMax;
    if (link.kind != Link::Kind::kIp && link.kind != Link::Kind::kActor && link.kind != Link::Kind::kPerson) return kCommonMax;
    if (!link.from || !link.before) return UINT64_MAX;  // of who was asked for
    const auto windows = std::max<UnixNanos>((*link.before - *link.from) / (2 * request_.window), 1);
    return kCommonMax * static_cast<std::uint64_t>(windows);
  }

  // The account is what it became until the session is closed: by the same process, where both say theirs.
  Status find_end(Link& link, const std::string& process) {
    Link closing = link;
    closing.kind = Link::Kind::kBecame;
    SearchRequest wanted;
    wanted.order = search::Order::kOldestFirst;
    const query::Term closes = query::all_of({term_of(closing), field_is({"action"}, "session.close")});
    STELE_ASSIGN(const SearchResult result, search(closing, closes, wanted));
    for (const Hit& hit : result.hits) {
      const Facts facts = read_facts(hit.entry);
      if (!candidates_.fits(link, facts) || !is_switch(facts.program)) continue;
      if (!facts.process.empty() && !process.empty() && facts.process != process) continue;
      link.before = std::min(*link.before, facts.time + 1);
    }
    return {};
  }

  // Whether the change to an account was still in force when something was done that asks who the account was.
  Result<bool> led_to(const Link& link, const Facts& facts, std::uint64_t index) {
    Link became = candidates_.became(facts, index);
    STELE_TRY(find_end(became, facts.process));
    return candidates_.done_within(link, facts.time, *became.before).has_value();
  }

  // Whether it tells something of the entry that was not known: it is new, or known through another one.
  bool add(const Link& link, std::size_t number, Hit& hit, Facts facts) {
    auto through = link.through;
    if (link.kind == Link::Kind::kIp || link.kind == Link::Kind::kWho ||
        (through && (link.kind == Link::Kind::kActor || link.kind == Link::Kind::kPerson)))
      through = candidates_.nearest(link, facts.time, hit.index).value_or(*link.through);
    auto it = known_.find(hit.index);
    if (it == known_.end()) {
      bytes_ += hit.entry.size();
      const bool full = known_.size() >= request_.limit;
      if (full || bytes_ > kBytesMax) {
        out_.truncated.insert(full ? "entries" : "bytes");
        return false;
      }
      it = known_.emplace(hit.index, Known{std::move(hit.entry), std::move(facts), {}, false, false}).first;
    } else if (through == hit.index || is_told(link, it->second)) {
      return false;
    }
    Known& known = it->second;
    known.why.push_back({number, through});
    if (link.kind != Link::Kind::kIp && !known.leads) known.leads = known.is_fresh = true;
    return true;
  }

  // Whether one reason more would say nothing: another window of the same name or address, an address of what is known by more.
  [[nodiscard]] bool is_told(const Link& link, const Known& known) const {
    if (known.why.size() >= kWhyMax || (link.kind == Link::Kind::kIp && known.leads)) return true;
    return link.kind != Link::Kind::kBecame && std::any_of(known.why.begin(), known.why.end(), [&](const Why& why) {
             return key_of(out_.links[why.link].link) == key_of(link);
           });
  }

  std::vector<Candidates::Lead> fresh() {
    std::vector<Candidates::Lead> out;
    for (auto& [index, known] : known_) {
      if (!known.is_fresh) continue;
      known.is_fresh = false;
      bool by_name = false;
      bool is_told = false;
      for (const Why& why : known.why) {
        const auto kind = out_.links[why.link].link.kind;
        by_name = by_name || kind == Link::Kind::kActor || kind == Link::Kind::kPerson;
        is_told = is_told || kind == Link::Kind::kBecame;
      }
      const bool is_other = std::all_of(known.why.begin(), known.why.end(),
                                        [&](const Why& why) { return out_.links[why.link].link.kind == Link::Kind::kBecame; });
      out.push_back({index, &known.facts, !by_name && !is_other, is_told});
    }
    return out;
  }

  void leave_out(Link link, std::string reason, std::uint64_t count = 0) {
    if (out_.left_out.size() < kLinksMax) out_.left_out.push_back({std::move(link), std::move(reason), count});
  }

  Timeline finish() {
    for (auto& [index, known] : known_)
      out_.entries.push_back({index, known.facts.time, std::move(known.entry), std::move(known.why)});
    std::stable_sort(out_.entries.begin(), out_.entries.end(),
                     [](const TimelineEntry& a, const TimelineEntry& b) { return a.time < b.time; });
    return std::move(out_);
  }

  const search::Searched& searched_;
  const TimelineRequest& request_;
  const search::GoOn& go_on_;
  Candidates candidates_;
  std::map<std::uint64_t, Known> known_;
  std::size_t bytes_ = 0;
  Timeline out_;
};

}  // namespace

Result<Timeline> make_timeline(const search::Searched& searched, const people::Directory& people, const TimelineRequest& request,
                               const search::GoOn& go_on) {
  return Follower(searched, people, request, go_on).run();
}

}  // namespace stele::timeline
