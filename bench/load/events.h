// Synthetic audit events in Stele's native shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "random.h"

namespace stele::bench {

// Makes events that look like those of a company's services: 5,000 actors by Zipf's law, 200 actions of 12 services,
// 50,000 targets, a random UUID for each request. About 705 bytes each (without an id), of which some 33 bytes are real
// information. The same seed gives the same bytes everywhere.
class EventMaker {
 public:
  // `with_ids` gives every event an id that is unique within the corpus (`kIdHead` in corpus.h).
  EventMaker(std::uint64_t seed, bool with_ids);

  // Appends the next event, one line of JSON without a newline.
  void append(std::string& out);

 private:
  struct Actor {
    std::string json;  // the whole `actor` object
    std::string name;
    std::string agent;
    std::string network;  // first three numbers of the address
  };
  struct Action {
    std::string name;
    std::string_view category;
    std::string_view noun;
    std::string_view past;  // what the message says was done
    std::size_t service = 0;
  };

  void make_actors(Random& random);
  void make_actions(Random& random);
  void append_time(std::string& out);

  Random random_;
  Zipf actor_ranks_;
  Zipf action_ranks_;
  Zipf target_ranks_;
  std::vector<Actor> actors_;
  std::vector<Action> actions_;
  bool with_ids_;
  std::uint64_t number_ = 0;
  double time_ms_ = 0;  // since the corpus' first moment
};

}  // namespace stele::bench
