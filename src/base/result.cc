#include "base/result.h"

namespace stele {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not_found";
    case Code::kTooLarge: return "too_large";
    case Code::kConflict: return "conflict";
    case Code::kDenied: return "denied";
    case Code::kBusy: return "busy";
    case Code::kUnavailable: return "unavailable";
    case Code::kCorrupt: return "corrupt";
    case Code::kIo: return "io";
    case Code::kInternal: return "internal";
    case Code::kUnauthenticated: return "unauthenticated";
  }
  return "internal";
}

Error Error::in(std::string_view where) const { return {code, std::string(where) + ": " + message}; }

}  // namespace stele
