// Transfers of libcurl's that end when their caller gives them up.
#pragma once

#include <curl/curl.h>

#include <atomic>

namespace stele::net {

// The transfer of `curl` fails soon after `flag` is set, which outlives it.
void give_up_when(CURL* curl, const std::atomic<bool>& flag);

}  // namespace stele::net
