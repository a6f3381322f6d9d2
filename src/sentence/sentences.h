// Every event as one sentence for people: "Ada Park exported table customers (4,200 rows) from 203.0.113.9, denied".
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sentence/wording.h"

namespace stele::sentence {

inline constexpr std::size_t kCharactersMax = 300;

struct TemplateFile {
  std::string name;  // for messages
  std::string yaml;
};

class Sentences {
 public:
  // The shipped templates alone.
  Sentences();

  // Those of `files` go before the shipped ones, the first file before the next. kInvalid with the file, the line and what is
  // expected there.
  static Result<Sentences> parse(std::span<const TemplateFile> files);

  // One line of printable UTF-8, at most kCharactersMax characters and never empty, whatever `entry` holds. Safe to be called
  // from many threads.
  [[nodiscard]] std::string of(std::string_view entry) const;

  // The template that makes it, or null where the entry cannot be read. Lives as long as this.
  [[nodiscard]] const Wording* wording_of(std::string_view entry) const;

  // Every template of the last file, the shipped one.
  [[nodiscard]] std::vector<const Wording*> shipped() const;

 private:
  // One file: its templates for one action alone go before those with a `*`.
  struct Layer {
    std::vector<Wording> wordings;
    std::multimap<std::string, std::size_t, std::less<>> exact;  // by action, in the order of the file
    std::vector<std::size_t> patterns;
  };
  struct Told {
    const Wording* wording = nullptr;
    std::string text;
  };
  Status add(std::string_view yaml, const std::string& name);
  [[nodiscard]] Told tell(const Facts& facts) const;

  std::vector<Layer> layers_;
};

}  // namespace stele::sentence
