// Brings records to the door that takes them (docs/formats/records.md), until the log has answered for each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/patient_post.h"
#include "records/cutter.h"

namespace stele::cli {

struct RecordCounts {
  std::uint64_t stored = 0;  // repeated ones included
  std::uint64_t repeated = 0;
  std::uint64_t quarantined = 0;
};

// A record, and the id under which it goes.
struct NamedRecord {
  records::Record record;
  std::string id;
};

class RecordDelivery {
 public:
  struct Options {
    std::string log;
    std::string source;
    std::string format;
    std::string stream;
    std::string host;  // or empty
    Patience patience;
  };
  RecordDelivery(Connection& connection, const Clock& clock, Options options);

  // All of them, in order. A record that the server finds too large goes as its start and its length. As patient_post() when it
  // could not be done; part may be stored then.
  Result<RecordCounts> send(const std::vector<NamedRecord>& records);

 private:
  Result<RecordCounts> send_part(const std::vector<NamedRecord>& records, std::size_t from, std::size_t count);
  void append_line(std::string& body, const NamedRecord& record, std::size_t bytes_max) const;

  Connection& connection_;
  const Clock& clock_;
  Options options_;
  std::string target_;
  std::string circumstances_;  // ,"stream":…,"host":…
};

}  // namespace stele::cli
