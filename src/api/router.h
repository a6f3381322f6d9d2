// Which handler answers which request, and the one gate before all of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/authorise.h"
#include "api/answer_headers.h"
#include "api/route.h"
#include "api/second_person.h"
#include "audit/recorder.h"
#include "login/sessions.h"
#include "net/http.h"

namespace stele::api {

class Router {
 public:
  // The recorder outlives it.
  Router(access::Authority authority, audit::Recorder& recorder) : authority_(authority), recorder_(recorder) {}

  void add(Route route) { routes_.push_back(std::move(route)); }
  // Whose sessions are believed; they outlive it. Without: nobody's.
  void set_sessions(login::Sessions& sessions) { sessions_ = &sessions; }
  // The host of the URL by which browsers reach this server, through a proxy on this machine too: at Gate::kLogin it goes by that
  // name as by an address. Without: by none.
  void set_public_host(std::string host) { public_host_ = std::move(host); }
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  // What of which log anybody may see; and from whose pages browsers may ask with a token.
  void set_public(PublishedLogs logs, Origins origins) {
    published_ = std::move(logs);
    origins_ = std::move(origins);
  }
  // What waits for a second person; it outlives it. Without: nobody is asked.
  void set_approvals(access::Approvals& approvals, const access::Grants& grants) {
    second_person_.emplace(approvals, grants, recorder_);
  }

  // Whether this request, of which the head is there, is answered without its body, or reads it itself: its route streams, or its
  // body is long and it is of nobody, whose bodies are not to take memory.
  [[nodiscard]] bool takes_stream(const net::Request& request) const;

  // Asks who it is, finds the route, asks whether his role may, puts on record what the route says, calls the handler; answers
  // 401 itself, whatever is asked for, then 404, 405 and 403, and 503 where nothing can be put on record.
  void handle(const net::Request& request, const net::Reply& reply) const;

 private:
  [[nodiscard]] Result<access::Identity> identify(const net::Request& request) const;
  [[nodiscard]] Result<access::Identity> identify_session(const net::Request& request, std::string_view cookie) const;
  void answer(const net::Request& request, const net::Reply& reply, const net::Reply& bare) const;
  [[nodiscard]] bool is_public(const Route& route, const PathParts& parts, const Result<access::Identity>& identity) const;
  void call(const Route& route, const net::Request& request, Call call, const net::Reply& reply) const;

  access::Authority authority_;
  audit::Recorder& recorder_;
  login::Sessions* sessions_ = nullptr;
  PublishedLogs published_;
  Origins origins_;
  std::optional<SecondPerson> second_person_;
  std::string public_host_;
  std::vector<Route> routes_;
};

}  // namespace stele::api
