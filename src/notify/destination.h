// Where notices go.
#pragma once

#include <atomic>
#include <string>

#include "base/result.h"
#include "notify/notice.h"

namespace stele::notify {

// One thread at a time.
class Destination {
 public:
  virtual ~Destination() = default;

  // What it is called in metrics and in the server's own log: "webhook-1". No secret.
  [[nodiscard]] virtual std::string name() const = 0;
  // For people, without what may be a secret of the address: "https://hooks.example.com", "ada@example.com".
  [[nodiscard]] virtual std::string place() const = 0;
  // What it is remembered by over restarts: the same for the same address alone, and no secret either.
  [[nodiscard]] virtual std::string key() const = 0;

  // Hands the notice over; success means that the other side took it. Gives up once `stop` is true, or after a time of its own.
  virtual Status send(const Notice& notice, const std::atomic<bool>& stop) = 0;
};

}  // namespace stele::notify
