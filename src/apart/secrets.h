// Secrets in free text: passwords, tokens, private keys. What they look like is data (secrets.yaml).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stele::apart {

// Where a secret stands in a text.
struct Span {
  std::size_t from = 0;
  std::size_t to = 0;
  bool operator==(const Span&) const = default;
};

// Puts those from index `from` on in order; what overlaps becomes one.
void merge_spans(std::vector<Span>& spans, std::size_t from = 0);

// What a sample of the file shows; for tests.
struct SecretSample {
  std::string where;
  std::string text;
  std::string secret;  // empty: there is none in it
};

class SecretFinder {
 public:
  // kInvalid says what is wrong with the file.
  static Result<SecretFinder> make(std::string_view yaml);
  SecretFinder(SecretFinder&&) noexcept;
  SecretFinder& operator=(SecretFinder&&) noexcept;
  ~SecretFinder();

  // Appends the secrets of `text`, in order, none overlapping another. Thread-safe. A text without a mark of one costs one
  // pass.
  void find(std::string_view text, std::vector<Span>& out) const;

  [[nodiscard]] const std::vector<SecretSample>& samples() const { return samples_; }

 private:
  struct Compiled;
  explicit SecretFinder(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
  std::vector<SecretSample> samples_;
};

// The one that is part of the program. Lives for ever.
const SecretFinder& shipped_secrets();

}  // namespace stele::apart
