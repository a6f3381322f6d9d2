// Thousands of random changes to the files of a log, and with `./x soak tamper` 210,000: each is found where it is, or lies where
// verification says that it does not look.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "support/fixed.h"
#include "support/prng.h"
#include "tamper/oracle.h"
#include "tamper/sample_log.h"
#include "tamper/tampering.h"
#include "verify/directory.h"

namespace stele::testing {
namespace {

constexpr std::uint64_t kSlower = kSanitized ? 8 : 1;

// A number from the environment: STELE_TAMPER_SEED starts elsewhere, STELE_TAMPER_TIMES does so many times as much.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : parse_decimal(value).value_or(otherwise);
}

// The version in log.json is the one thing that verification may refuse to go on from: a newer program's log.
bool is_newer_version(const Image& image, const std::string& dir) {
  const std::string& text = image.at(dir + "/log.json");
  return text.starts_with("{\"stele_log\":") && !text.starts_with("{\"stele_log\":1,");
}

void tamper_many_times(const LogPlan& plan, std::uint64_t times) {
  const std::uint64_t start = from_environment("STELE_TAMPER_SEED", 0);
  times *= from_environment("STELE_TAMPER_TIMES", 1);
  LogPlan this_plan = plan;
  this_plan.seed += start;
  const SampleLog log = make_log(this_plan);
  LogPlan other_plan = this_plan;
  other_plan.seed += 1000;
  const SampleLog other = make_log(other_plan);
  const Oracle oracle(log);
  std::uint64_t failures = 0;
  for (std::uint64_t seed = 0; seed < times && failures < 5; ++seed) {
    Prng prng(mix64(this_plan.seed, seed));
    Image image = log.image;
    std::string how = tamper_with(image, {log.older, other.image}, prng);
    bool several = false;
    for (; prng.chance(1, 12); several = true) how += ", " + tamper_with(image, {log.older, other.image}, prng);
    ImageFileSystem fs(image);
    verify::Report report;
    const Status checked = verify::verify_directory(fs, log.dir, log.options, report);
    std::optional<std::string> wrong;
    if (checked)
      wrong = several ? oracle.judge_several(image, report) : oracle.judge(image, report);
    else if (!is_newer_version(image, log.dir))
      wrong = "it could not be checked: " + checked.error().message;
    if (!wrong) continue;
    ++failures;
    ADD_FAILURE() << "log " << this_plan.seed << ", seed " << seed << ": " << how << ": " << *wrong << "\n"
                  << findings_text(report);
  }
  std::printf("%llu found, %llu where verification does not look\n", static_cast<unsigned long long>(oracle.found()),
              static_cast<unsigned long long>(oracle.outside()));
  EXPECT_GT(oracle.found(), oracle.outside());
}

TEST(RandomTampering, is_found_in_a_closed_log) { tamper_many_times({.seed = 1}, 1'600 / kSlower); }

TEST(RandomTampering, is_found_in_a_live_log) { tamper_many_times({.seed = 2, .end = End::kLive}, 600 / kSlower); }

TEST(RandomTampering, is_found_or_named_where_no_checkpoint_covers_the_end) {
  tamper_many_times({.seed = 3, .end = End::kUnsigned}, 800 / kSlower);
}

TEST(RandomTampering, is_found_in_a_log_of_large_segments) {
  tamper_many_times({.seed = 4, .entries = 5'000, .seal_bytes = 500U << 10, .end = End::kLive}, 600 / kSlower);
}

TEST(RandomTampering, is_found_in_a_log_that_was_never_sealed) {
  tamper_many_times({.seed = 5, .entries = 300, .seal_bytes = 100U << 20, .tail_entries = 300, .end = End::kUnsigned},
                    800 / kSlower);
}

// The same of encrypted ones, where the other log, too, is under the same data key.
TEST(RandomTampering, is_found_in_an_encrypted_log) {
  tamper_many_times({.seed = 6, .encrypted = true}, 800 / kSlower);
  tamper_many_times({.seed = 7, .end = End::kLive, .encrypted = true}, 400 / kSlower);
  tamper_many_times({.seed = 8, .end = End::kUnsigned, .encrypted = true}, 400 / kSlower);
}

}  // namespace
}  // namespace stele::testing
