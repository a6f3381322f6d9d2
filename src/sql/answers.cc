#include "sql/answers.h"

#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/json_text.h"

namespace stele::sql {
namespace {

template <typename Number>
void append_number(std::string& out, Number number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, end);
}

// As JSON and SQL write it: with a point or an exponent, so that it stays what it is.
void append_real(std::string& out, double number) {
  const std::size_t before = out.size();
  append_number(out, number);
  if (out.find_first_of(".e", before) == std::string::npos) out += ".0";
}

void append_base64(std::string& out, std::string_view bytes) { base64_append(out, as_byte_span(bytes)); }

void append_field(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

void JsonAnswer::begin(std::span<const std::string> columns) {
  out_ = "{\"columns\":[";
  for (const std::string& column : columns) {
    if (out_.back() != '[') out_ += ',';
    append_json_string(out_, column);
  }
  out_ += "],\"rows\":[";
}

void JsonAnswer::row(std::span<const Value> values) {
  if (out_.back() != '[') out_ += ",\n";
  out_ += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    if (i > 0) out_ += ',';
    switch (value.kind) {
      case Value::Kind::kInteger: append_number(out_, value.integer); break;
      case Value::Kind::kText: append_json_bytes(out_, value.bytes); break;
      case Value::Kind::kBlob:
        out_ += "{\"$base64\":\"";
        append_base64(out_, value.bytes);
        out_ += "\"}";
        break;
      case Value::Kind::kReal:
        if (std::isfinite(value.real)) {
          append_real(out_, value.real);
          break;
        }
        [[fallthrough]];
      case Value::Kind::kNull: out_ += "null"; break;
    }
  }
  out_ += ']';
}

std::string JsonAnswer::finish(bool truncated) {
  out_ += truncated ? "],\"truncated\":true}\n" : "],\"truncated\":false}\n";
  return std::move(out_);
}

void CsvAnswer::begin(std::span<const std::string> columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out_ += ',';
    append_field(out_, columns[i]);
  }
  out_ += "\r\n";
}

void CsvAnswer::row(std::span<const Value> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    if (i > 0) out_ += ',';
    switch (value.kind) {
      case Value::Kind::kInteger: append_number(out_, value.integer); break;
      case Value::Kind::kReal:
        if (std::isfinite(value.real)) append_real(out_, value.real);
        break;
      case Value::Kind::kText: append_field(out_, value.bytes); break;
      case Value::Kind::kBlob: append_base64(out_, value.bytes); break;
      case Value::Kind::kNull: break;
    }
  }
  out_ += "\r\n";
}

}  // namespace stele::sql
