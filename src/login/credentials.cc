#include "login/credentials.h"

#include <algorithm>
#include <memory>

#include "base/json_text.h"
#include "crypto/hmac.h"
#include "event/json_value.h"
#include "login/password.h"
#include "login/secret_text.h"
#include "login/totp.h"

namespace stele::login {
namespace {

using event::JsonType;
using event::JsonValue;

constexpr std::int64_t kInvitationNanos = 86'400'000'000'000;
constexpr std::uint64_t kFileBytesMax = 64U << 20;
constexpr std::size_t kNetworksMax = 16;

bool is_same(const Hash& a, const Hash& b) { return crypto::equal_in_constant_time(as_byte_span(a), as_byte_span(b)); }

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

std::optional<Hash> read_hash(JsonValue value) {
  const auto bytes = hex_decode(value.text());
  Hash out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::memcpy(out.data(), bytes->data(), bytes->size());
  return out;
}

bool read_invitation(JsonValue value, Credential& out) {
  if (!value["invitation"]) return true;
  out.invitation = read_hash(value["invitation"]);
  const auto until = parse_time(value["invited_until"].text());
  if (!out.invitation || !until) return false;
  out.invited_until = *until;
  return true;
}

void note_network(Credential& credential, const std::string& network) {
  std::erase(credential.networks, network);
  credential.networks.push_back(network);
  if (credential.networks.size() > kNetworksMax) credential.networks.erase(credential.networks.begin());
}

void note_device(Credential& credential, std::string_view device) {
  constexpr std::size_t kDevicesMax = 16;
  const Hash hash = hash_of_secret(device);
  std::erase(credential.devices, hash);
  credential.devices.push_back(hash);
  if (credential.devices.size() > kDevicesMax) credential.devices.erase(credential.devices.begin());
}

Error wrong() { return {Code::kUnauthenticated, CredentialBook::kWrong}; }

}  // namespace

std::string credentials_text(const Credentials& credentials) {
  std::string out = "{\"stele_credentials\":1,\"users\":{";
  for (const auto& [user, one] : credentials) {
    if (out.back() != '{') out += ',';
    append_json_string(out, user);
    out += ":{";
    if (!one.password.empty()) append_member(out, "password", one.password);
    if (!one.totp_secret.empty()) append_member(out, "totp", one.totp_secret);
    if (one.totp_last != 0) append_member(out, "totp_last", std::to_string(one.totp_last));
    if (one.invitation) {
      append_member(out, "invitation", hex_encode(as_byte_span(*one.invitation)));
      append_member(out, "invited_until", format_time(one.invited_until));
    }
    out += out.back() == '{' ? "\"networks\":[" : ",\"networks\":[";
    for (const std::string& network : one.networks) {
      if (out.back() != '[') out += ',';
      append_json_string(out, network);
    }
    out += ']';
    if (!one.devices.empty()) {
      out += ",\"devices\":[";
      for (const Hash& device : one.devices) {
        if (out.back() != '[') out += ',';
        append_json_string(out, hex_encode(as_byte_span(device)));
      }
      out += ']';
    }
    out += '}';
  }
  return out + "}}\n";
}

Result<Credentials> parse_credentials(std::string_view text) {
  event::JsonTape tape;
  event::JsonError error;
  event::JsonLimits limits;
  limits.bytes_max = kFileBytesMax;
  limits.nodes_max = 10'000'000;
  if (!tape.parse(text, limits, error)) return corrupt(error.message);
  const JsonValue root(tape);
  Credentials out;
  bool sound = root["stele_credentials"].number() == 1U && root["users"].is(JsonType::kObject);
  if (!sound) return corrupt("it is no file of credentials, version 1");
  root["users"].for_each_member([&](std::string_view user, JsonValue value) {
    Credential one;
    one.password = value["password"].text();
    one.totp_secret = value["totp"].text();
    if (value["totp_last"]) {
      const auto last = parse_decimal(value["totp_last"].text());
      sound = sound && last;
      one.totp_last = last.value_or(0);
    }
    sound = sound && read_invitation(value, one);
    value["networks"].for_each([&](JsonValue network) { one.networks.push_back(network.text()); });
    value["devices"].for_each([&](JsonValue device) {
      const auto hash = read_hash(device);
      sound = sound && hash;
      if (hash) one.devices.push_back(*hash);
    });
    out.emplace(user, std::move(one));
  });
  if (!sound) return corrupt("a user's credential cannot be read");
  return out;
}

Result<std::unique_ptr<CredentialBook>> CredentialBook::open(io::FileSystem& fs, std::string path, const Clock& clock,
                                                             Random& random) {
  std::unique_ptr<CredentialBook> book(new CredentialBook(fs, std::move(path), clock, random));
  if (!fs.exists(book->path_)) return book;
  STELE_ASSIGN(const std::string text, io::read_file(fs, book->path_, kFileBytesMax));
  auto read = parse_credentials(text);
  if (!read) return read.error().in(book->path_);
  book->credentials_ = std::move(*read);
  return book;
}

Status CredentialBook::save(Credentials changed) {
  const Status written = io::write_file(fs_, path_, credentials_text(changed), 0600);
  // A disk that is full now may not be later: whoever asked is told to come again, as of the log.
  if (!written && written.error().code == Code::kIo) return unavailable(written.error().message);
  STELE_TRY(written);
  const std::lock_guard lock(quick_mutex_);
  credentials_ = std::move(changed);
  return {};
}

Status CredentialBook::put(const std::string& user, Credential credential) {
  Credentials changed = credentials_;
  changed[user] = std::move(credential);
  return save(std::move(changed));
}

Result<std::string> CredentialBook::invite(const std::string& user) {
  std::string text = make_secret_text(random_);
  Credential credential;
  credential.invitation = hash_of_secret(text);
  credential.invited_until = clock_.now() + kInvitationNanos;
  const std::lock_guard lock(mutex_);
  if (const auto before = credentials_.find(user); before != credentials_.end()) {
    credential.networks = before->second.networks;
    credential.devices = before->second.devices;
  }
  STELE_TRY(put(user, std::move(credential)));
  note_change(user);
  return text;
}

Status CredentialBook::forget(const std::string& user) {
  const std::lock_guard lock(mutex_);
  if (!credentials_.contains(user)) return {};
  Credentials changed = credentials_;
  changed.erase(user);
  STELE_TRY(save(std::move(changed)));
  note_change(user);
  return {};
}

void CredentialBook::note_change(const std::string& user) {
  const std::lock_guard lock(quick_mutex_);
  ++generations_[user];
}

std::uint64_t CredentialBook::generation(const std::string& user) const {
  const std::lock_guard lock(quick_mutex_);
  const auto it = generations_.find(user);
  return it == generations_.end() ? 0 : it->second;
}

std::string CredentialBook::offer_setup() {
  std::string text = make_secret_text(random_);
  restore_setup(text);
  return text;
}

bool CredentialBook::is_setup(std::string_view text) const {
  const std::lock_guard lock(quick_mutex_);
  return setup_ && is_same(*setup_, hash_of_secret(text));
}

bool CredentialBook::take_setup(std::string_view text) {
  const std::lock_guard lock(quick_mutex_);
  if (!setup_ || !is_same(*setup_, hash_of_secret(text))) return false;
  setup_.reset();
  return true;
}

void CredentialBook::drop_setup() {
  const std::lock_guard lock(quick_mutex_);
  setup_.reset();
}

void CredentialBook::restore_setup(std::string_view text) {
  const std::lock_guard lock(quick_mutex_);
  setup_ = hash_of_secret(text);
}

std::optional<std::string> CredentialBook::invited(std::string_view text) const {
  const Hash hash = hash_of_secret(text);
  const std::lock_guard lock(mutex_);
  std::optional<std::string> out;
  for (const auto& [user, one] : credentials_) {
    if (one.invitation && is_same(*one.invitation, hash) && clock_.now() < one.invited_until) out = user;
  }
  return out;
}

Result<std::string> CredentialBook::join(const std::string& user, const std::optional<std::string>& invitation,
                                         const std::string& password, const std::string& network) {
  STELE_TRY(check_password(password));
  Credential credential;
  STELE_ASSIGN(credential.password, hash_password(password, random_));
  credential.totp_secret = make_totp_secret(random_);
  std::string secret = credential.totp_secret;
  const std::lock_guard lock(mutex_);
  const auto before = credentials_.find(user);
  const bool is_invited = invitation && before != credentials_.end() && before->second.invitation &&
                          is_same(*before->second.invitation, hash_of_secret(*invitation));
  if (invitation && !is_invited) return unauthenticated("this invitation was used");
  if (is_invited) {
    credential.networks = before->second.networks;
    credential.devices = before->second.devices;
  }
  note_network(credential, network);
  STELE_TRY(put(user, std::move(credential)));
  note_change(user);
  return secret;
}

bool CredentialBook::is_known(std::string_view user, std::string_view network) const {
  const std::lock_guard lock(quick_mutex_);
  const auto it = credentials_.find(user);
  return it != credentials_.end() && std::ranges::find(it->second.networks, network) != it->second.networks.end();
}

bool CredentialBook::is_device(std::string_view user, std::string_view device) const {
  const Hash hash = hash_of_secret(device);
  const std::lock_guard lock(quick_mutex_);
  const auto it = credentials_.find(user);
  return it != credentials_.end() && std::ranges::any_of(it->second.devices, [&](const Hash& one) { return is_same(one, hash); });
}

Status CredentialBook::check(const std::string& user, const std::string& password, std::string_view code,
                             const std::string& network, std::string_view device) {
  std::string hash;
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = credentials_.find(user); it != credentials_.end()) hash = it->second.password;
  }
  if (!is_password(password, hash)) return wrong();
  const std::lock_guard lock(mutex_);
  const auto it = credentials_.find(user);
  if (it == credentials_.end() || it->second.password != hash) return wrong();  // it changed meanwhile
  const auto step = find_totp_step(it->second.totp_secret, code, clock_.now(), it->second.totp_last);
  if (!step) return wrong();
  Credential credential = it->second;
  credential.totp_last = *step;
  note_network(credential, network);
  note_device(credential, device);
  return put(user, std::move(credential));
}

}  // namespace stele::login
