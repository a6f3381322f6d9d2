#include "net/give_up.h"

namespace stele::net {
namespace {

int is_set(void* flag, curl_off_t /*down_all*/, curl_off_t /*down*/, curl_off_t /*up_all*/, curl_off_t /*up*/) {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

}  // namespace

void give_up_when(CURL* curl, const std::atomic<bool>& flag) {
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &is_set);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &flag);
}

}  // namespace stele::net
