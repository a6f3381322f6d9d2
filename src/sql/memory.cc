#include "sql/memory.h"

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>

namespace stele::sql {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// Of this thread. Below 0 when what was taken under no limit is given back under one.
thread_local std::int64_t t_used = 0;
thread_local std::int64_t t_limit = kUnlimited;
thread_local const std::function<bool()>* t_go_on = nullptr;
thread_local std::int64_t t_reserved = 0;
thread_local bool t_shared_out = false;

// What threads have reserved. SQLite's allocator has no state of its own.
std::atomic<std::int64_t> g_reserved{0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// SQLite's own, which are asked in the end. Written once, before SQLite starts.
sqlite3_mem_methods g_own;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): SQLite's configuration is the process'

// Whether the thread may use so much. It has it from all threads' in steps, so that they seldom meet.
bool reserve(std::int64_t used) {
  constexpr std::int64_t kStep = 1 << 20;
  if (used > t_limit) return false;
  if (used <= t_reserved) return true;
  const std::int64_t more = (used - t_reserved + kStep - 1) / kStep * kStep;
  if (g_reserved.fetch_add(more, std::memory_order_relaxed) + more > static_cast<std::int64_t>(kAllBytesMax)) {
    g_reserved.fetch_sub(more, std::memory_order_relaxed);
    t_shared_out = true;
    return false;
  }
  t_reserved += more;
  return true;
}

bool has_room(std::int64_t more) {
  constexpr std::int64_t kMuch = 64 << 10;
  if (t_limit == kUnlimited) return true;
  return reserve(t_used + more) && (more < kMuch || (*t_go_on)());
}

void count(std::int64_t more) { t_used += more; }

void* allocate(int bytes) {
  if (!has_room(bytes)) return nullptr;
  void* const out = g_own.xMalloc(bytes);
  if (out != nullptr) count(g_own.xSize(out));
  return out;
}

void release(void* at) {
  count(-std::int64_t{g_own.xSize(at)});
  g_own.xFree(at);
}

void* reallocate(void* at, int bytes) {
  const std::int64_t before = g_own.xSize(at);
  if (bytes > before && !has_room(bytes - before)) return nullptr;
  void* const out = g_own.xRealloc(at, bytes);
  if (out != nullptr) count(g_own.xSize(out) - before);
  return out;
}

bool install() {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &g_own) != SQLITE_OK) return false;
  sqlite3_mem_methods counted = g_own;
  counted.xMalloc = allocate;
  counted.xFree = release;
  counted.xRealloc = reallocate;
  // Statistics would take a lock of the whole process at each allocation.
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &counted) == SQLITE_OK && sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
         sqlite3_initialize() == SQLITE_OK;
}

}  // namespace

bool install_memory_limits() {
  static const bool installed = install();
  return installed;
}

MemoryLimit::MemoryLimit(std::size_t bytes, const std::function<bool()>& go_on) {
  t_used = 0;
  t_shared_out = false;
  t_go_on = &go_on;
  t_limit = static_cast<std::int64_t>(bytes);
}

MemoryLimit::~MemoryLimit() {
  t_limit = kUnlimited;
  t_go_on = nullptr;
  g_reserved.fetch_sub(std::exchange(t_reserved, 0), std::memory_order_relaxed);
}

bool MemoryLimit::was_shared_out() { return t_shared_out; }

bool take_memory(std::int64_t bytes) {
  t_used += bytes;
  return t_limit == kUnlimited || reserve(t_used);
}

void give_back_memory(std::int64_t bytes) { t_used -= bytes; }

}  // namespace stele::sql
