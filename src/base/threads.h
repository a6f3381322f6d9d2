// What a thread says of itself to the system.
#pragma once

namespace stele {

// Tools show the calling thread under `name`: 15 bytes at most, the rest is cut off.
void name_this_thread(const char* name);

// The calling thread leaves the processors to the others when they want them (nice 10). Whatever it holds while it waits
// for one, others wait for: it is to hold locks only for moments.
void work_in_background();

}  // namespace stele
