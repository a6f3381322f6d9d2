#include "collect/http_doors.h"

#include "collect/cloudevents_door.h"
#include "collect/document_door.h"
#include "collect/github_door.h"
#include "collect/otlp_door.h"
#include "collect/records_door.h"

namespace stele::collect {

std::vector<std::unique_ptr<HttpDoor>> make_http_doors(const DoorSecrets& secrets) {
  std::vector<std::unique_ptr<HttpDoor>> out = make_document_doors();
  out.push_back(make_otlp_door(secrets.ids));
  out.push_back(make_cloudevents_door());
  out.push_back(make_records_door());
  if (secrets.github) out.push_back(make_github_door(*secrets.github));
  return out;
}

}  // namespace stele::collect
