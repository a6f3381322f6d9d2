// What libraries read for themselves, and what a program needs to start.
#pragma once

#include <string>
#include <vector>

namespace stele::confine {

// Paths that libraries read while a program of ours runs: shared objects, names of hosts, certificates of authorities, time
// zones, the number of processors. `connects`: what they need to find others, also once the machine has moved to another network.
std::vector<std::string> needed_by_libraries(bool connects);

// The loader that the kernel starts this program with; empty when it is linked statically.
std::string program_loader();

}  // namespace stele::confine
