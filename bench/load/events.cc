#include "events.h"

#include <array>
#include <ctime>

#include "corpus.h"

namespace stele::bench {
namespace {

constexpr std::size_t kActors = 5'000;
constexpr std::size_t kActions = 200;
constexpr std::size_t kTargets = 50'000;
constexpr std::time_t kFirstSecond = 1790812800;  // 2026-10-01T00:00:00Z
constexpr double kMeanGapMs = 2'592;              // a million events in thirty days

constexpr std::array<std::string_view, 12> kServices{"billing-api",    "identity",      "crm-core",    "reporting",
                                                     "file-store",     "admin-console", "payroll",     "support-desk",
                                                     "data-warehouse", "deploy-bot",    "api-gateway", "notification-hub"};
constexpr std::array<std::string_view, 4> kRegions{"eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2"};
constexpr std::array<std::string_view, 20> kNouns{
    "customer", "invoice", "contract", "report",  "document", "employee", "ticket",  "dataset",      "pipeline",  "account",
    "project",  "role",    "policy",   "session", "token",    "workflow", "payment", "subscription", "dashboard", "secret"};

struct Verb {
  std::string_view verb;
  std::string_view past;
  std::string_view category;
  std::string_view method;
};
constexpr std::array<Verb, 10> kVerbs{{{"read", "read", "data_access", "GET"},
                                       {"list", "listed", "data_access", "GET"},
                                       {"export", "exported", "data_export", "POST"},
                                       {"create", "created", "user_action", "POST"},
                                       {"update", "updated", "user_action", "PATCH"},
                                       {"delete", "deleted", "user_action", "DELETE"},
                                       {"configure", "changed the settings of", "configuration_change", "PUT"},
                                       {"grant", "granted access to", "permission_change", "POST"},
                                       {"login", "signed in for", "authentication", "POST"},
                                       {"approve", "approved", "privileged_activity", "POST"}}};

constexpr std::array<std::string_view, 24> kFirstNames{"Ada",     "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hiro",
                                                       "Ines",    "Jonas", "Keiko",  "Lars",   "Mina", "Noor",  "Oskar", "Priya",
                                                       "Quentin", "Rosa",  "Sven",   "Tomas",  "Uma",  "Vera",  "Wanda", "Yusuf"};
constexpr std::array<std::string_view, 24> kLastNames{"Park",     "Okafor",  "Lindqvist", "Moreau",  "Tanaka",   "Haddad",
                                                      "Novak",    "Silva",   "Keller",    "Byrne",   "Castillo", "Dahl",
                                                      "Eriksen",  "Fontana", "Gupta",     "Horvath", "Ivanov",   "Jensen",
                                                      "Kowalski", "Lopez",   "Mbeki",     "Nguyen",  "Olsen",    "Petrov"};
constexpr std::array<std::string_view, 6> kAgents{
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "python-requests/2.32.3",
    "okhttp/4.12.0 (Android 14; Pixel 8)"};

template <typename... Pieces>
void add(std::string& out, const Pieces&... pieces) {
  (out.append(std::string_view(pieces)), ...);
}

// Decimal with zeros in front.
std::string padded(std::uint64_t value, std::size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

void add_hex(std::string& out, std::uint64_t value, unsigned digits) {
  for (unsigned i = digits; i-- > 0;) out += "0123456789abcdef"[(value >> (4 * i)) & 15U];
}

// A version 4 UUID (RFC 9562).
void add_uuid(std::string& out, Random& random) {
  const std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000U;
  const std::uint64_t low = (random.next() >> 2U) | (1ULL << 63U);
  add_hex(out, high >> 32U, 8);
  out += '-';
  add_hex(out, high >> 16U, 4);
  out += '-';
  add_hex(out, high, 4);
  out += '-';
  add_hex(out, low >> 48U, 4);
  out += '-';
  add_hex(out, low, 12);
}

}  // namespace

EventMaker::EventMaker(std::uint64_t seed, bool with_ids)
    : random_(seed),
      actor_ranks_(kActors, 1.05),
      action_ranks_(kActions, 0.8),
      target_ranks_(kTargets, 0.6),
      with_ids_(with_ids) {
  Random random(mix(seed));
  make_actors(random);
  make_actions(random);
}

void EventMaker::make_actors(Random& random) {
  for (std::size_t i = 0; i < kActors; ++i) {
    const std::string_view first = kFirstNames[random.below(kFirstNames.size())];
    const std::string_view last = kLastNames[random.below(kLastNames.size())];
    const std::string number = padded(i, 4);
    Actor actor;
    add(actor.name, first, " ", last);
    std::string email;
    add(email, first, ".", last, number, "@example.com");
    for (char& letter : email) letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
    add(actor.json, R"({"type":"user","id":"u_)", number, R"(","name":")", actor.name, R"(","email":")", email, "\"}");
    actor.agent = kAgents[random.below(kAgents.size())];
    add(actor.network, "10.", std::to_string(random.below(200)), ".", std::to_string(random.below(250)), ".");
    actors_.push_back(std::move(actor));
  }
}

// Nouns times verbs in a shuffled order, so that the frequent ranks are a mixture.
void EventMaker::make_actions(Random& random) {
  for (const std::string_view noun : kNouns) {
    for (const Verb& verb : kVerbs) {
      Action action;
      add(action.name, noun, ".", verb.verb);
      action.category = verb.category;
      action.noun = noun;
      action.past = verb.past;
      action.service = random.below(kServices.size());
      actions_.push_back(std::move(action));
    }
  }
  for (std::size_t i = actions_.size(); i > 1; --i) std::swap(actions_[i - 1], actions_[random.below(i)]);
}

void EventMaker::append_time(std::string& out) {
  time_ms_ += random_.exponential(kMeanGapMs);
  const auto elapsed_ms = static_cast<std::uint64_t>(time_ms_);
  const std::time_t second = kFirstSecond + static_cast<std::time_t>(elapsed_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&second, &parts);
  char buffer[32];
  const std::size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  add(out, std::string_view(buffer, length), ".", padded(elapsed_ms % 1000, 3), "Z");
}

void EventMaker::append(std::string& out) {
  const Actor& actor = actors_[actor_ranks_.draw(random_)];
  const std::size_t action_rank = action_ranks_.draw(random_);
  const Action& action = actions_[action_rank];
  const std::string target = std::string(action.noun) + '_' + padded(target_ranks_.draw(random_), 5);
  const std::string_view service = kServices[action.service];
  const double luck = random_.unit();
  const bool ok = luck < 0.93;
  const std::string_view outcome = ok ? "success" : luck < 0.97 ? "failure" : "denied";

  if (with_ids_) {
    out += kIdHead;
    add_hex(out, 0, kRoundDigits);
    add_hex(out, number_, kIdDigits - kRoundDigits);
    out += "\",";
  } else {
    out += '{';
  }
  ++number_;
  out += R"("time":")";
  append_time(out);
  add(out, R"(","actor":)", actor.json, R"(,"action":")", action.name, R"(","category":")", action.category, R"(","outcome":")",
      outcome, R"(","targets":[{"type":")", action.noun, R"(","id":")", target, R"("}],"origin":{"ip":")", actor.network,
      std::to_string(16 + random_.below(4)), R"(","user_agent":")", actor.agent, R"("},"context":{"request_id":")");
  add_uuid(out, random_);
  out += R"(","session":")";
  add_hex(out, random_.next(), 16);
  add(out, R"("},"severity":")", ok ? "info" : "warning", R"(","message":")", actor.name, " ", action.past, " ", target,
      ok ? "" : " without success", " via ", service, R"(","attributes":{"service":")", service, R"(","region":")",
      kRegions[action.service % kRegions.size()], R"(","host":")", service, "-", std::to_string(random_.below(4)),
      R"(","version":"4.)", std::to_string(action.service), R"(.2","status":)", ok ? "200" : "403", R"(,"duration_ms":)",
      std::to_string(1 + static_cast<std::uint64_t>(random_.exponential(40))), R"(,"response_bytes":)",
      std::to_string(200 + static_cast<std::uint64_t>(random_.exponential(4'000))), "}}");
}

}  // namespace stele::bench
