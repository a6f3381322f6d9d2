// Keeps changes apart that would each be right alone: two that make the same user, one that gives a role while another removes
// it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace stele::audit {

// Thread-safe. It outlives its reservations.
class Reservations {
 public:
  // What is reserved is so until this is released, or goes.
  class Held {
   public:
    Held(Reservations& book, std::string what) : book_(book), what_(std::move(what)) {}
    ~Held() { release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    // Before anybody is told what came of the change, so that his next one finds the way free. By one thread.
    void release();

   private:
    Reservations& book_;
    const std::string what_;
    bool is_released_ = false;
  };

  // For one alone, or together with others that ask so. Null: another change is on its way.
  std::shared_ptr<Held> alone(const std::string& what);
  std::shared_ptr<Held> together(const std::string& what);

 private:
  std::mutex mutex_;
  std::map<std::string, int> uses_;  // guarded by it: how many, -1 for one alone
};

}  // namespace stele::audit
