#include "agent/record.h"

#include "base/json_text.h"

namespace stele::agent {

void append_record_line(std::string& out, const CapturedRecord& record, const Sequence& sequence, std::uint64_t seq) {
  out += R"({"format":)";
  append_json_string(out, record.format);
  out += R"(,"seq":)";
  append_decimal(out, seq);
  out += R"(,"sequence":)";
  append_json_string(out, sequence.name);
  out += R"(,"id":")";
  out += sequence.name;
  out.push_back('-');
  append_decimal(out, seq);
  out += R"(","stream":)";
  append_json_string(out, record.stream);
  out += R"(,"host":)";
  append_json_string(out, sequence.host);
  if (!record.peer.empty()) {
    out += R"(,"peer":)";
    out += record.peer;
  }
  if (record.length > record.bytes.size()) {
    out += R"(,"length":)";
    append_decimal(out, record.length);
  }
  out += R"(,"record":)";
  append_json_bytes(out, record.bytes);
  out += "}\n";
}

}  // namespace stele::agent
