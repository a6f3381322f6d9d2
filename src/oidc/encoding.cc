#include "oidc/encoding.h"

#include <algorithm>

namespace stele::oidc {

std::string base64url_encode(ByteSpan bytes) {
  std::string out = base64_encode(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return base64_decode(standard);
}

std::string form_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

Result<Url> parse_url(std::string_view text) {
  constexpr std::size_t kBytesMax = 2'000;
  const Error wrong = invalid("is a URL such as https://id.example.com, not what stands there");
  if (text.size() > kBytesMax || std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f || c == '#' || c == '\\'; }))
    return wrong;
  Url out;
  out.secure = text.starts_with("https://");
  if (!out.secure && !text.starts_with("http://")) return wrong;
  const std::size_t host_at = text.find("://") + 3;
  const std::size_t end = std::min(text.find_first_of("/?", host_at), text.size());
  const std::string_view authority = text.substr(host_at, end - host_at);
  if (authority.find('@') != std::string_view::npos) return wrong;
  out.base = text.substr(0, end);
  out.target = text.substr(end);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  const std::size_t port_at = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  const std::string_view host = authority.substr(0, port_at);
  if (host.empty()) return wrong;
  out.loopback = host == "localhost" || host == "[::1]" ||
                 (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
  return out;
}

}  // namespace stele::oidc
