// What SQLite may take of memory, thread by thread: a statement runs on one, and no other feels what it wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace stele::sql {

// Of all statements that go on.
inline constexpr std::size_t kAllBytesMax = 1U << 30;

// Counts, under the thread's limit, what is taken beside SQLite's. False when that is too much; it is to be given back all the
// same.
[[nodiscard]] bool take_memory(std::int64_t bytes);
void give_back_memory(std::int64_t bytes);

// Before anything else of SQLite is called in this process. Idempotent, any thread. False when it is too late.
bool install_memory_limits();

// While it lives, SQLite gets no more than `bytes` on this thread: what is over is refused, and the statement ends. So is much at
// once when `go_on` says no: between its steps, of which many can come one after the other, SQLite does not ask. One at a time
// on a thread; `go_on` outlives it.
class MemoryLimit {
 public:
  MemoryLimit(std::size_t bytes, const std::function<bool()>& go_on);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  // Whether something was refused because all threads together had kAllBytesMax.
  [[nodiscard]] static bool was_shared_out();
};

}  // namespace stele::sql
