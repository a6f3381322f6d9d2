#include "server/oidc_config.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "io/file.h"
#include "oidc/encoding.h"
#include "server/secret_file.h"

namespace stele::server {
namespace {

// An https URL, or http on this machine.
Result<oidc::Url> read_url(std::string_view key, const std::string& text) {
  const auto url = oidc::parse_url(text);
  if (!url) return invalid(std::string(key) + " " + url.error().message);
  if (!url->secure && !url->loopback) return invalid(std::string(key) + " is https; http on this machine only");
  return *url;
}

bool has_openid(std::string_view scopes) {
  std::string padded = " ";
  padded += scopes;
  padded += ' ';
  return padded.find(" openid ") != std::string::npos;
}

}  // namespace

Status check_oidc_config(const Config& config) {
  if (!config.public_url.empty()) {
    STELE_ASSIGN(const oidc::Url url, read_url("public_url", config.public_url));
    if (url.target != "/" || config.public_url.find('?') != std::string::npos)
      return invalid("public_url has no path: https://stele.example.com");
  }
  if (config.oidc_issuer.empty()) {
    for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"oidc_client_id", config.oidc_client_id},
                                      {"oidc_client_secret_file", config.oidc_client_secret_file},
                                      {"oidc_roles", config.oidc_roles}}) {
      if (!value.empty()) return invalid(std::string(name) + " needs oidc_issuer, the URL of the provider");
    }
    return {};
  }
  STELE_ASSIGN(const oidc::Url issuer, read_url("oidc_issuer", config.oidc_issuer));
  if (config.oidc_issuer.find('?') != std::string::npos) return invalid("oidc_issuer has no query");
  for (const auto& [name, value, what] :
       {std::tuple<const char*, const std::string&, const char*>{"oidc_client_id", config.oidc_client_id,
                                                                 "the client's id, as the provider has it"},
        {"oidc_roles", config.oidc_roles, "the file that says which role a group has"},
        {"public_url", config.public_url, "the URL by which browsers reach this server, such as https://stele.example.com"},
        {"oidc_groups_claim", config.oidc_groups_claim, "the claim that has the groups"},
        {"oidc_user_claim", config.oidc_user_claim, "the claim that names him"},
        {"oidc_label", config.oidc_label, "what the button says"}}) {
    if (value.empty()) return invalid("oidc_issuer needs " + std::string(name) + ", " + what);
  }
  for (const auto& [key, name] : {std::pair<const char*, const std::string&>{"oidc_groups_claim", config.oidc_groups_claim},
                                  {"oidc_user_claim", config.oidc_user_claim}}) {
    if (const Status sound = oidc::check_claim_name(name); !sound) return sound.error().in(key);
  }
  if (!has_openid(config.oidc_scopes)) return invalid("oidc_scopes has openid among them");
  return {};
}

Result<std::unique_ptr<oidc::Login>> make_oidc_login(const Config& config, const std::vector<std::string>& logs,
                                                     const access::Grants& grants, const Clock& clock, Random& random) {
  STELE_TRY(check_oidc_config(config));
  if (config.oidc_issuer.empty()) return std::unique_ptr<oidc::Login>();
  oidc::LoginOptions options;
  options.label = config.oidc_label;
  options.public_url = oidc::parse_url(config.public_url)->base;
  options.provider.issuer = config.oidc_issuer;
  options.provider.client_id = config.oidc_client_id;
  if (!config.oidc_client_secret_file.empty()) {
    STELE_ASSIGN(options.provider.client_secret, read_secret("oidc_client_secret_file", config.oidc_client_secret_file));
  }
  options.provider.scopes = config.oidc_scopes;
  options.provider.redirect_uri = options.public_url + "/api/v1/oidc/callback";
  options.provider.ca_file = config.oidc_ca_file;
  options.provider.claims = {config.oidc_user_claim, config.oidc_groups_claim};
  STELE_ASSIGN(const std::string yaml, io::read_file(io::posix(), config.oidc_roles, oidc::kGroupRolesBytesMax));
  STELE_ASSIGN(oidc::GroupRoles roles, oidc::GroupRoles::parse(yaml, config.oidc_roles));
  for (const oidc::GroupRole& one : roles.all()) {
    if (grants.find_role(one.role) == nullptr)
      spdlog::warn("{}: the group \"{}\" is to have the role {}, which there is not: whoever comes by it is refused",
                   config.oidc_roles, one.group, one.role);
    for (const std::string& log : one.logs) {
      if (std::ranges::find(logs, log) == logs.end())
        return invalid(config.oidc_roles + ": the group \"" + one.group + "\" is to know of the log " + log +
                       ", which there is not");
    }
  }
  return std::make_unique<oidc::Login>(std::move(options), std::move(roles), grants, clock, random);
}

}  // namespace stele::server
