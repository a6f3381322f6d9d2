#include "verify/apart.h"

#include <map>

#include "log/apart_store.h"

namespace stele::verify {
namespace {

using event::ApartKind;
using Mention = ApartMentions::Mention;

constexpr const char* kFolder = "apart";

std::string_view kind_name(ApartKind kind) { return kind == ApartKind::kSealed ? "sealed value" : "attachment"; }

class ApartCheck {
 public:
  ApartCheck(const LogPlace& place, const ApartMentions& apart, const Commitments& erased_before, const Options& options,
             Report& report)
      : place_(place), erased_before_(erased_before), options_(options), report_(report) {
    for (const Mention& mention : apart.mentions) wanted_.emplace(mention.commitment, mention);
    for (const Mention& erasure : apart.erasures) erasures_.emplace(erasure.commitment, erasure.index);
  }

  Status run() {
    STELE_ASSIGN(const auto names, log::list_apart_files(place_.fs, place_.path(kFolder)));
    for (const std::string& name : names) STELE_TRY(read_file(place_.path(kFolder) + "/" + name));
    for (const auto& [commitment, mention] : wanted_) {
      report_.add("missing", place_.path(kFolder), said(mention) + " is not there", mention.index, mention.index + 1);
    }
    if (unopened_ > 0)
      report_.leave(place_.path(kFolder),
                    std::to_string(unopened_) + " values: without their key their checksums alone are checked");
    if (unclaimed_ > 0)
      report_.leave(place_.path(kFolder),
                    std::to_string(unclaimed_) + " values that no entry commits to, as a crash before their entry leaves them");
    return {};
  }

 private:
  static std::string said(const Mention& mention) {
    return "the " + std::string(kind_name(mention.kind)) + " of entry " + std::to_string(mention.index);
  }

  Status read_file(const std::string& path) {
    STELE_ASSIGN(const auto file, place_.fs.open_read(path));
    std::uint64_t damaged = 0;
    Status read;
    STELE_TRY(log::for_each_apart(
        *file,
        [&](std::uint64_t offset, const log::ApartHeader& header) {
          read = check(path, *file, offset, header);
          return read.ok();
        },
        damaged));
    if (damaged > 0) report_.leave(path, std::to_string(damaged) + " bytes that are no value, as a crash leaves them");
    ++report_.files;
    return read;
  }

  Status check(const std::string& path, const io::File& file, std::uint64_t offset, const log::ApartHeader& header) {
    report_.file_bytes += header.extent();
    const auto it = wanted_.find(header.commitment);
    if (it == wanted_.end() || it->second.kind != header.kind) {
      ++unclaimed_;
      return {};
    }
    const Mention mention = it->second;
    wanted_.erase(it);
    const auto erasure = erasures_.find(header.commitment);
    const auto add = [&](const char* kind, const std::string& what) {
      report_.add(kind, path, said(mention) + what, mention.index, mention.index + 1);
    };
    if (header.erased) {
      ++report_.apart_erased;
      if (erasure == erasures_.end() && erased_before_.contains(header.commitment))
        add("missing", " was erased, and no entry says that it was");
    }
    std::string payload(header.payload_bytes, '\0');
    if (!io::read_exactly(file, offset + log::kApartHeaderBytes, std::as_writable_bytes(std::span(payload)), path)) {
      add("missing", " is cut off");
      return {};
    }
    if (header.erased) {
      if (payload.find_first_not_of('\0') != std::string::npos)
        report_.leave(path, said(mention) + " was erased in part, as a crash leaves it; erase it again");
      return {};
    }
    const auto value = log::decode_apart(header, payload, options_.keys);
    if (!value && value.error().code == Code::kDenied) {
      ++unopened_;
      if (!log::has_checksum(header, payload)) add("changed", ": its bytes are not those that were written");
    } else if (!value && erasure != erasures_.end()) {
      // An erasure that a crash cut short: entry first, then its mark, then the bytes.
    } else if (!value) {
      add("changed", ": " + value.error().message);
    } else if (value->bytes.size() != mention.bytes) {
      add("changed", " has another length than the entry says");
    } else if (erasure != erasures_.end()) {
      report_.leave(path, said(mention) + " is still there, though entry " + std::to_string(erasure->second) +
                              " says that it was erased; erase it again");
    }
    ++report_.apart_values;
    report_.apart_bytes += mention.bytes;
    return {};
  }

  const LogPlace& place_;
  const Commitments& erased_before_;
  const Options& options_;
  Report& report_;
  std::map<Hash, Mention> wanted_;
  std::map<Hash, std::uint64_t> erasures_;  // the entry that says so
  std::uint64_t unopened_ = 0;
  std::uint64_t unclaimed_ = 0;
};

}  // namespace

Result<Commitments> erased_values(const LogPlace& place) {
  Commitments out;
  STELE_ASSIGN(const auto names, log::list_apart_files(place.fs, place.path(kFolder)));
  for (const std::string& name : names) {
    STELE_ASSIGN(const auto file, place.fs.open_read(place.path(kFolder) + "/" + name));
    std::uint64_t damaged = 0;
    STELE_TRY(log::for_each_apart(
        *file,
        [&](std::uint64_t, const log::ApartHeader& header) {
          if (header.erased) out.insert(header.commitment);
          return true;
        },
        damaged));
  }
  return out;
}

Status check_apart(const LogPlace& place, const ApartMentions& apart, const Commitments& erased_before, const Options& options,
                   Report& report) {
  return ApartCheck(place, apart, erased_before, options, report).run();
}

}  // namespace stele::verify
