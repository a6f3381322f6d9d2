// A server with a router behind it, for tests of what each of its routes answers.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>
#include <string>

#include "api/router.h"
#include "net/http_server.h"
#include "support/loopback.h"

namespace stele::testing {

// It believes that its requests come from whomever a test says.
class RouterDoor {
 public:
  explicit RouterDoor(const api::Router& router)
      : runtime_(1),
        server_(
            runtime_,
            [this, &router](net::Request request, const net::Reply& reply) {
              {
                const std::lock_guard lock(mutex_);
                request.peer = peer_;
              }
              router.handle(request, reply);
            },
            net::HttpLimits()) {
    auto bound = server_.listen("127.0.0.1:0");
    if (!bound) throw std::runtime_error(bound.error().message);
    address_ = *bound;
  }

  HttpAnswer ask(const net::Peer& peer, const std::string& method, const std::string& target,
                 const std::string& headers = "Host: localhost\r\n", const std::string& body = {}) {
    {
      const std::lock_guard lock(mutex_);
      peer_ = peer;
    }
    LoopbackClient client(address_);
    EXPECT_TRUE(client.send(method + " " + target + " HTTP/1.1\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
                            "\r\n\r\n" + body));
    auto answer = client.answer(method == "HEAD");
    EXPECT_TRUE(answer) << method << " " << target;
    return answer.value_or(HttpAnswer());
  }

 private:
  std::mutex mutex_;
  net::Peer peer_;
  std::string address_;
  net::Runtime runtime_;
  net::HttpServer server_;
};

// A path that the pattern matches.
inline std::string example_of(std::string pattern, const std::string& log = "main") {
  const char* const tile = pattern.ends_with("/tile/*") ? "1/000" : "0/000";  // what is below level 1 has a route of its own
  for (const auto& [part, text] : {std::pair{"{log}", log.c_str()},
                                   {"{index}", "7"},
                                   {"{commitment}", "00"},
                                   {"{id}", "0123456789"},
                                   {"{user}", "ada"},
                                   {"{role}", "support"},
                                   {"*", tile}}) {
    if (const auto at = pattern.find(part); at != std::string::npos) pattern.replace(at, std::string_view(part).size(), text);
  }
  EXPECT_EQ(pattern.find_first_of("{}*"), std::string::npos) << "the test does not know a placeholder of " << pattern;
  return pattern;
}

}  // namespace stele::testing
