// What a thread says of itself to the system.
#pragma once

#include <chrono>

namespace stele {

// Tools show the calling thread under `name`: 15 bytes at most, the rest is cut off.
void name_this_thread(const char* name);

// The calling thread leaves the processors to the others when they want them, the more the nicer it is (nice(2), 1 to 19).
// Whatever it holds while it waits for one, others wait for: it is to hold locks only for moments.
void work_in_background(int nice = 10);

// The calling thread works for moments only and wants them soon: it asks for short time slices, for which Linux from 6.12 on
// lets it go before others (sched_setattr(2), EEVDF). Under another policy than the ordinary one nothing changes.
void work_promptly();

// Spreads long work out. The scheduler does not: a thread that computes for a tenth of a second keeps its processor, however
// nice it is, and the others crowd on what is left (measured on Linux 6.18).
class Pacer {
 public:
  // To be called every few microseconds, with no lock held: after each half millisecond of work asks `times` and rests that
  // many times as long.
  template <typename F>
  void breathe(F&& times) {
    const auto worked = since_rest();
    if (worked >= kStretch) rest(worked, times());
  }

 private:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr std::chrono::microseconds kStretch{500};
  [[nodiscard]] Duration since_rest() const;
  void rest(Duration worked, unsigned times);

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace stele
