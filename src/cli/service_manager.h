// What the service manager is told of this process: sd_notify(3).
#pragma once

#include <string>
#include <string_view>

namespace stele::cli {

class ServiceManager {
 public:
  // `socket` is what NOTIFY_SOCKET says: a path, or @ and a name that is none; null: there is nobody to tell. Connected from here
  // on, so that it can be told once the process is confined.
  explicit ServiceManager(const char* socket);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // "READY=1", "STOPPING=1". Whether it arrives is the service manager's business.
  void tell(std::string_view state) const;

 private:
  int socket_ = -1;
};

}  // namespace stele::cli
