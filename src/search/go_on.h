// What everything that searches asks as it goes.
#pragma once

#include <functional>

namespace stele::search {

// Whether to go on. Asked every few milliseconds, on the thread that searches and with no lock held, since it may wait while it
// is the turn of others (Pool::take_turns).
using GoOn = std::function<bool()>;

}  // namespace stele::search
