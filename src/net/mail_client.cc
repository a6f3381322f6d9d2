#include "net/mail_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "net/give_up.h"

namespace stele::net {
namespace {

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t give_text(char* out, std::size_t size, std::size_t count, void* user) {
  auto& rest = *static_cast<std::string_view*>(user);
  const std::size_t taken = std::min(size * count, rest.size());
  std::copy_n(rest.begin(), taken, out);
  rest.remove_prefix(taken);
  return taken;
}

// "mail.example.com" of "smtp://mail.example.com:587/name".
std::string_view host_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find('/'));
  return url.starts_with('[') ? url.substr(0, url.find(']') + 1) : url.substr(0, url.find(':'));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

bool is_mail_server_url(std::string_view url) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '@' && c != '?' && c != '#'; };
  return (url.starts_with("smtp://") || url.starts_with("smtps://")) && std::ranges::all_of(url, plain) && !host_of(url).empty();
}

Status send_mail(const MailServer& server, const std::string& from, const std::string& to, std::string_view text,
                 const std::atomic<bool>& give_up) {
  const std::unique_ptr<CURL, FreeCurl> owner(curl_easy_init());
  CURL* curl = owner.get();
  if (curl == nullptr) return unavailable("there is no memory to send mail");
  const std::unique_ptr<curl_slist, FreeList> recipients(curl_slist_append(nullptr, ("<" + to + ">").c_str()));
  char said[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
  curl_easy_setopt(curl, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(server.seconds_max));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // On this machine TLS is taken where it is offered.
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(is_loopback(host_of(server.url)) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (!server.ca_file.empty()) {  // instead of the machine's authorities, the folder of them too
    curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give_text);
  curl_easy_setopt(curl, CURLOPT_READDATA, &text);
  give_up_when(curl, give_up);
  const CURLcode rc = curl_easy_perform(curl);
  if (rc == CURLE_OK) return {};
  return unavailable(said[0] != '\0' ? said : curl_easy_strerror(rc));
}

}  // namespace stele::net
