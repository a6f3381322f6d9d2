// A statement's answer as bytes: JSON, or CSV (RFC 4180).
#pragma once

#include <string>

#include "sql/statement.h"

namespace stele::sql {

// {"columns":["action","count(*)"],"rows":[["login",3],…],"truncated":false}
// A blob, and a text that is not UTF-8, is {"$base64":"…"}; a number that JSON has no writing of is null.
class JsonAnswer final : public Answer {
 public:
  void begin(std::span<const std::string> columns) override;
  void row(std::span<const Value> values) override;
  [[nodiscard]] std::size_t bytes() const override { return out_.size(); }
  [[nodiscard]] std::string finish(bool truncated);

 private:
  std::string out_;
};

// The names of the columns, then the rows, each with CR LF. Null and infinity are nothing, an empty text is "", a blob is base64.
class CsvAnswer final : public Answer {
 public:
  void begin(std::span<const std::string> columns) override;
  void row(std::span<const Value> values) override;
  [[nodiscard]] std::size_t bytes() const override { return out_.size(); }
  [[nodiscard]] std::string finish() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace stele::sql
