// What a function that can fail hands back: a value, or an error with a stable code and a sentence.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace stele {

// Stable kinds of failure. Their names (`code_name`) appear in API answers, logs and tests; never renumber.
enum class Code {
  kInvalid,          // what was handed in is malformed: the caller must change it
  kNotFound,         // no such thing
  kTooLarge,         // over a documented limit
  kConflict,         // contradicts what is stored
  kDenied,           // not allowed
  kBusy,             // try again shortly
  kUnavailable,      // the service cannot do it now (stopped, full, shutting down)
  kCorrupt,          // stored bytes are not what was written
  kIo,               // the operating system refused
  kInternal,         // a defect of ours
  kUnauthenticated,  // who asks is not known: nothing, or nothing valid, was shown
};

std::string_view code_name(Code code);

// A failure: its kind, and one sentence that says what happened, where, and what to do.
struct Error {
  Code code = Code::kInternal;
  std::string message;

  // Returns the same error with `where` in front: "where: message".
  [[nodiscard]] Error in(std::string_view where) const;
};

// A value or an Error. Reading the value of a failed Result is a programmer error and asserts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  [[nodiscard]] const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

inline Error invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
inline Error corrupt(std::string message) { return {Code::kCorrupt, std::move(message)}; }
inline Error unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
inline Error unauthenticated(std::string message) { return {Code::kUnauthenticated, std::move(message)}; }

// Leaves the enclosing function with the error of `expr` if it failed.
#define STELE_TRY(expr)                                                                          \
  do {                                                                                           \
    if (auto stele_try_status = (expr); !stele_try_status.ok()) return stele_try_status.error(); \
  } while (false)

#define STELE_CONCAT_(a, b) a##b
#define STELE_CONCAT(a, b) STELE_CONCAT_(a, b)
#define STELE_ASSIGN_(tmp, lhs, expr) \
  auto tmp = (expr);                  \
  if (!tmp.ok()) return tmp.error();  \
  lhs = std::move(tmp).value()

// Declares or assigns `lhs` from the value of `expr`, or leaves the enclosing function with its error.
#define STELE_ASSIGN(lhs, expr) STELE_ASSIGN_(STELE_CONCAT(stele_result_, __COUNTER__), lhs, expr)

}  // namespace stele
