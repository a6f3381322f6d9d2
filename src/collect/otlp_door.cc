#include "collect/otlp_door.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include <unordered_map>

#include "base/json_text.h"
#include "collect/otlp_event.h"

namespace stele::collect {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

bool is_type(const net::Request& request, std::string_view type) {
  const std::string_view given = request.header("content-type");
  return given.substr(0, given.find_first_of("; ")) == type;
}

// google.rpc.Code of a refusal.
int rpc_code(const Error& error) {
  constexpr int kInvalidArgument = 3;
  constexpr int kNotFound = 5;
  constexpr int kResourceExhausted = 8;
  constexpr int kUnavailable = 14;
  switch (error.code) {
    case Code::kInvalid: return kInvalidArgument;
    case Code::kNotFound: return kNotFound;
    case Code::kTooLarge: return kResourceExhausted;
    default: return kUnavailable;
  }
}

// google.rpc.Status: code = 1, message = 2.
std::string encode_status(int code, const std::string& message) {
  using google::protobuf::internal::WireFormatLite;
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  WireFormatLite::WriteInt32(1, code, &coded);
  WireFormatLite::WriteString(2, message, &coded);
  return out;
}

net::Response response(const net::Request& request, int status, std::string protobuf, std::string json) {
  net::Response out;
  const bool is_json = is_type(request, kJson);
  out.status = status;
  out.headers.emplace_back("Content-Type", std::string(is_json ? kJson : kProtobuf));
  out.body = is_json ? std::move(json) : std::move(protobuf);
  return out;
}

class OtlpDoor final : public HttpDoor {
 public:
  explicit OtlpDoor(const Hash& id_secret) : id_secret_(id_secret) {}

  [[nodiscard]] std::string_view kind() const override { return "otlp"; }
  [[nodiscard]] std::vector<std::string> paths() const override { return {"/v1/logs"}; }

  Status decode(const net::Request& request, std::string_view body, DoorBatch& batch) const override {
    std::unordered_map<std::string, std::uint64_t> alike;
    const auto take = [&](const OtlpRecord& record) {
      normalise::Draft& draft = batch.draft();
      otlp_event(record, batch.now(), {id_secret_, 0}, draft, batch.record());
      const std::uint64_t ordinal = draft.has(normalise::Part::kId) ? alike[draft.text(normalise::Part::kId)]++ : 0;
      if (ordinal > 0) otlp_event(record, batch.now(), {id_secret_, ordinal}, batch.draft(), batch.record());
      batch.add(record.verbatim, false);
    };
    const auto broken = [&](std::string_view verbatim) { batch.quarantine("not a LogRecord", verbatim); };
    if (is_type(request, kJson)) return for_each_otlp_json_record(body, take, broken);
    if (is_type(request, kProtobuf)) return for_each_otlp_record(body, take, broken);
    return invalid("the Content-Type is application/x-protobuf or application/json");
  }

  [[nodiscard]] net::Response stored(const net::Request& request, const Stored&) const override {
    return response(request, 200, "", "{}");
  }

  [[nodiscard]] net::Response refused(const net::Request& request, const Error& error) const override {
    std::string json = "{\"code\":" + std::to_string(rpc_code(error)) + ",\"message\":";
    append_json_string(json, is_utf8(error.message) ? error.message : "the request is not UTF-8");
    return response(request, refusal_status(error), encode_status(rpc_code(error), error.message), json + "}");
  }

 private:
  const Hash id_secret_;
};

}  // namespace

std::unique_ptr<HttpDoor> make_otlp_door(const Hash& id_secret) {
  google::protobuf::SetLogHandler(nullptr);  // it would write a line for each message that is none
  return std::make_unique<OtlpDoor>(id_secret);
}

}  // namespace stele::collect
