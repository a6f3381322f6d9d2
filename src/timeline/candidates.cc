#include "timeline/candidates.h"

#include <algorithm>

#include "base/clock.h"

namespace stele::timeline {
namespace {

using Kind = Link::Kind;

// A counter begins anew with every boot of a host, and each host has its own.
constexpr std::size_t kCounterDigits = 10;
constexpr UnixNanos kCounterWindow = 86'400 * kSecond;

bool is_counter(std::string_view session) {
  return session.size() <= kCounterDigits && session.find_first_not_of("0123456789") == std::string_view::npos;
}

bool names_machine(std::string_view ip) {
  return ip.starts_with("127.") || ip == "::1" || ip == "0.0.0.0" || ip == "::" || ip.starts_with("::ffff:127.");
}

// What runs by itself acts under the account too, and nobody became it for that.
bool runs_by_itself(const Facts& facts) {
  const std::string_view program = facts.program;
  return facts.action.starts_with("cron.") || program == "cron" || program == "CRON" || program == "crond" ||
         program == "anacron" || program == "systemd" || program == "systemd-user";
}

// Of an account where the entry says: on its host and terminal, or of its source where it names no host.
Link link_there(Kind kind, const std::string& account, const Facts& facts, std::uint64_t index) {
  Link out;
  out.kind = kind;
  out.value = account;
  out.host = facts.host;
  if (facts.host.empty()) out.source = facts.source;
  out.terminal = facts.terminal;
  out.through = index;
  return out;
}

}  // namespace

std::vector<Link> Candidates::of_seed(const Link& seed) {
  std::vector<Link> out;
  if (seed.kind != Kind::kActor) {
    add(seed, out);
    return out;
  }
  const people::Person* owner = whose(seed.value);
  Link asked = seed;
  if (owner != nullptr) asked.person = owner->id;
  add(std::move(asked), out);
  if (owner == nullptr) return out;
  for (const people::Account& account : owner->accounts) {
    if (account.name == seed.value) continue;
    Link other;
    other.kind = Kind::kPerson;
    other.value = account.name;
    other.source = account.source;
    other.person = owner->id;
    add(std::move(other), out);
  }
  return out;
}

// Of a name in all sources, or the only one who has it in some.
const people::Person* Candidates::whose(std::string_view account) const {
  if (people_.is_shared("", account)) return nullptr;
  const people::Person* owner = people_.owner("", account);
  if (owner != nullptr) return owner;
  for (const people::Person& person : people_.people()) {
    const bool has = std::any_of(person.accounts.begin(), person.accounts.end(),
                                 [&](const people::Account& one) { return one.name == account; });
    if (has && owner != nullptr) return nullptr;
    if (has) owner = &person;
  }
  return owner;
}

std::vector<Link> Candidates::next(const std::vector<Lead>& leads) {
  std::vector<Link> out;
  for (const Lead& lead : leads) {
    const Facts& facts = *lead.facts;
    add_session(lead, out);
    for (const auto& [kind, value] : {std::pair(Kind::kRequest, &facts.request), std::pair(Kind::kTrace, &facts.trace)}) {
      Link link;
      link.kind = kind;
      link.value = *value;
      link.through = lead.index;
      add(std::move(link), out);
    }
    add_became(lead, out);
    add_who(lead);
    if (lead.names) add_actor(lead);
    add_ip(lead);
  }
  merge_near(out);
  return out;
}

void Candidates::add(Link link, std::vector<Link>& out) {
  if (link.value.empty() && link.kind != Kind::kQuery) return;
  if (link.value.size() > kValueBytesMax && link.kind != Kind::kQuery) {
    if (said_.insert(key_of(link)).second) {
      std::size_t end = 64;
      while (end > 0 && (static_cast<unsigned char>(link.value[end]) & 0xc0U) == 0x80U) --end;
      link.value.resize(end);
      left_out_.push_back({std::move(link), "too long", 0});
    }
    return;
  }
  if (given_.insert(key_of(link)).second) out.push_back(std::move(link));
}

void Candidates::add_session(const Lead& lead, std::vector<Link>& out) {
  Link link;
  link.kind = Kind::kSession;
  link.value = lead.facts->session;
  link.through = lead.index;
  if (given_.contains(key_of(link))) return;  // it was asked for
  if (is_counter(link.value)) {
    link.source = lead.facts->source;
    link.host = lead.facts->host;
    link.from = lead.facts->time - kCounterWindow;
    link.before = lead.facts->time + kCounterWindow;
  }
  add(std::move(link), out);
}

Link Candidates::became(const Facts& facts, std::uint64_t index) const {
  Link link = link_there(Kind::kBecame, facts.became, facts, index);
  link.by = facts.program;
  link.from = facts.time;
  link.before = facts.time + window_;
  return link;
}

void Candidates::add_became(const Lead& lead, std::vector<Link>& out) {
  const Facts& facts = *lead.facts;
  if (facts.became.empty()) return;
  Link link = became(facts, lead.index);
  // What sudo and PAM write of one process is one change.
  const std::string once = key_of(link) + '\0' + (facts.process.empty() ? std::to_string(lead.index) : facts.process);
  if (!given_.insert(once).second) return;
  became_.insert(facts.became);
  out.push_back(std::move(link));
}

// Of what root did, who was root.
void Candidates::add_who(const Lead& lead) {
  const Facts& facts = *lead.facts;
  if (lead.is_told || facts.actor_type != "user" || runs_by_itself(facts)) return;
  if (!is_of_many(facts) && !became_.contains(facts.account)) return;
  add_near(link_there(Kind::kWho, facts.account, facts, lead.index), facts.time, lead.index);
}

void Candidates::add_actor(const Lead& lead) {
  const Facts& facts = *lead.facts;
  if (facts.actor_type != "user" || facts.account.empty()) return;
  Link link;
  link.kind = Kind::kActor;
  link.value = facts.account;
  link.through = lead.index;
  if (is_of_many(facts)) {
    if (said_.insert(key_of(link)).second) left_out_.push_back({std::move(link), "an account of many", 0});
    return;
  }
  const people::Person* owner = people_.owner(facts.source, facts.account);
  if (owner != nullptr) {
    link.person = owner->id;
    if (people_.owner("", facts.account) != owner) link.source = facts.source;  // elsewhere the name is nobody's, or another's
  }
  add_near(link, facts.time, lead.index);
  if (owner == nullptr) return;
  for (const people::Account& account : owner->accounts) {
    if (account.name == facts.account && account.source == link.source) continue;
    Link other = link;
    other.kind = Kind::kPerson;
    other.value = account.name;
    other.source = account.source;
    add_near(std::move(other), facts.time, lead.index);
  }
}

void Candidates::add_ip(const Lead& lead) {
  const Facts& facts = *lead.facts;
  if (facts.ip.empty() || names_machine(facts.ip)) return;
  Link link;
  link.kind = Kind::kIp;
  link.value = facts.ip;
  link.through = lead.index;
  // Where an application comes from, all of its users do; a login as root comes from whoever tries.
  if (is_of_many(facts) && facts.category != "authentication") {
    if (said_.insert(key_of(link)).second) left_out_.push_back({std::move(link), "the address of an account of many", 0});
    return;
  }
  add_near(std::move(link), facts.time, lead.index);
}

void Candidates::add_near(Link link, UnixNanos time, std::uint64_t index) {
  const std::string key = key_of(link);
  if (link.value.empty() || given_.contains(key)) return;
  if (link.value.size() > kValueBytesMax) {
    std::vector<Link> none;
    return add(std::move(link), none);
  }
  Near& near = near_[key];
  if (near.known.empty()) near.link = std::move(link);
  near.known.push_back({time, index});
  const UnixNanos last = time + reach_behind(near.link);
  const auto is_covered = [&](const auto& range) { return range.first <= time - window_ && last < range.second; };
  if (std::none_of(near.covered.begin(), near.covered.end(), is_covered)) near.fresh.push_back({time, index});
}

// Windows that meet are one.
void Candidates::merge_near(std::vector<Link>& out) {
  for (auto& [key, near] : near_) {
    std::sort(near.fresh.begin(), near.fresh.end(), [](const Known& a, const Known& b) { return a.time < b.time; });
    for (std::size_t i = 0; i < near.fresh.size();) {
      Link link = near.link;
      link.through = near.fresh[i].index;
      link.from = near.fresh[i].time - window_;
      const UnixNanos behind = reach_behind(link) + 1;
      UnixNanos end = near.fresh[i].time + behind;
      while (++i < near.fresh.size() && near.fresh[i].time - window_ <= end) end = near.fresh[i].time + behind;
      link.before = end;
      near.covered.emplace_back(*link.from, end);
      out.push_back(std::move(link));
    }
    near.fresh.clear();
  }
}

bool Candidates::fits(const Link& link, const Facts& facts) const {
  if (link.kind == Kind::kBecame || link.kind == Kind::kWho) {
    const bool elsewhere = !link.terminal.empty() && !facts.terminal.empty() && link.terminal != facts.terminal;
    if (link.kind == Kind::kWho && facts.became != link.value) return false;
    return !elsewhere && facts.host == link.host && !runs_by_itself(facts);
  }
  if (link.kind == Kind::kSession && !link.host.empty()) return facts.host == link.host;
  if (link.kind != Kind::kActor && link.kind != Kind::kPerson) return true;
  const people::Person* owner = people_.owner(facts.source, facts.account);
  return owner == nullptr || link.person.empty() || owner->id == link.person;
}

std::optional<std::uint64_t> Candidates::done_within(const Link& link, UnixNanos from, UnixNanos before) const {
  std::optional<Known> latest;
  const auto near = near_.find(key_of(link));
  if (near == near_.end()) return std::nullopt;
  for (const Known& one : near->second.known) {
    if (one.time >= from && one.time < before && (!latest || one.time > latest->time)) latest = one;
  }
  return latest ? std::optional(latest->index) : std::nullopt;
}

bool Candidates::is_of_many(const Facts& facts) const {
  return people_.is_shared(facts.source, facts.account) || people::is_generic(facts.account);
}

std::string Candidates::person_of(const Facts& facts) const {
  if (facts.actor_type != "user" || people_.is_shared(facts.source, facts.account) || people::is_generic(facts.account))
    return {};
  const people::Person* owner = people_.owner(facts.source, facts.account);
  if (owner != nullptr) return owner->id;
  return became_.contains(facts.account) ? std::string() : facts.account;
}

std::optional<std::uint64_t> Candidates::nearest(const Link& link, UnixNanos time, std::uint64_t index) const {
  const auto it = near_.find(key_of(link));
  if (it == near_.end()) return std::nullopt;
  const Known* best = nullptr;
  for (const Known& one : it->second.known) {
    if (one.index == index) continue;
    if (best == nullptr || std::abs(one.time - time) < std::abs(best->time - time)) best = &one;
  }
  return best == nullptr ? std::optional(index) : std::optional(best->index);
}

}  // namespace stele::timeline
