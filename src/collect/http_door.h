// A protocol that comes over HTTP on the native port: what one request holds, and how it is answered. One file each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collect/door_batch.h"
#include "net/http.h"

namespace stele::collect {

// What became of a request, all of it durable.
struct Stored {
  std::size_t count = 0;        // entries
  std::size_t quarantined = 0;  // of them, kept without being understood
  std::size_t repeated = 0;     // of them, there before they were sent
};

class HttpDoor {
 public:
  virtual ~HttpDoor() = default;

  // The source's kind of its entries, and its id where the sender names none.
  [[nodiscard]] virtual std::string_view kind() const = 0;
  // Where it is, for POST.
  [[nodiscard]] virtual std::vector<std::string> paths() const = 0;

  // Whether decode() finds out who sent it, by a signature that the protocol has; then no token is asked for.
  [[nodiscard]] virtual bool proves_itself() const { return false; }

  // Adds what the request holds to `batch`, in order. `body` is the request's, decompressed. An error is for the whole of it:
  // nothing is stored then. What can be told apart and not be understood is quarantined instead. Thread-safe.
  virtual Status decode(const net::Request& request, std::string_view body, DoorBatch& batch) const = 0;

  // 204 unless the protocol says otherwise.
  [[nodiscard]] virtual net::Response stored(const net::Request& request, const Stored& stored) const;
  // Nothing is stored. `error` is decode's, or the log's: kBusy and kUnavailable pass, and the client must try again. As the
  // native door has it, {"error":{"code","message"}}, unless the protocol says otherwise.
  [[nodiscard]] virtual net::Response refused(const net::Request& request, const Error& error) const;
};

// The status with which a door that has no better answer refuses; clients repeat 429 and 503 and nothing else.
int refusal_status(const Error& error);

}  // namespace stele::collect
