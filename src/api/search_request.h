// What a request to search says: in its query, or as a JSON document in its body.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "base/clock.h"
#include "event/mask.h"
#include "net/http.h"
#include "query/query.h"
#include "search/searcher.h"

namespace stele::api {

struct SearchQuestion {
  std::string log = "main";
  query::Query query;
  search::SearchRequest request;
  bool proof = false;
  bool sentences = false;                   // each hit has its sentence
  bool ocsf = false;                        // hits are shown as OCSF events
  UnixNanos now = 0;                        // what the query's times count from: of the first page
  std::string fingerprint;                  // of the query's text
  std::shared_ptr<const event::Mask> mask;  // that hits are shown through; null: as they are
};

// What the parameter `format` says, empty where it is left out.
Result<bool> wants_ocsf(const std::string& format);

// Or the answer that says what is wrong.
std::variant<SearchQuestion, net::Response> read_search(const net::Request& request, UnixNanos now, std::uint64_t limit_max);

// The cursor for the page behind `result`, which has hits.
std::string next_cursor(const SearchQuestion& question, const search::SearchResult& result);

// What the pages of one search have in common: the cursor without the place where the page before ended. Empty: it is no cursor.
std::string pages_of_cursor(const std::string& cursor);

}  // namespace stele::api
