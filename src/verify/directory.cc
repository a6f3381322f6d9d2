#include "verify/directory.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "crypto/random.h"
#include "keyring/encrypted_files.h"
#include "log/identity.h"
#include "verify/apart.h"
#include "verify/claims.h"
#include "verify/journal_image.h"
#include "verify/kept.h"
#include "verify/sealed.h"
#include "verify/stored_tree.h"
#include "verify/tail.h"

namespace stele::verify {
namespace {

using log::kBundleEntries;

// A live server writes while this reads: what looks like damage is damage when it looks the same again and again.
constexpr int kLooks = 3;
constexpr int kLooksMax = 100;
constexpr std::chrono::milliseconds kBetweenLooks{1};

std::string fingerprint(const JournalImage& image, const JournalChain& chain) {
  std::string out;
  for (const auto* findings : {&image.findings, &chain.findings}) {
    for (const Finding& finding : *findings) out += finding.where + finding.kind + std::to_string(finding.first) + ";";
  }
  if (chain.cut && chain.cut->changed) out += chain.cut->file + std::to_string(chain.cut->from);
  return out;
}

class DirectoryCheck {
 public:
  DirectoryCheck(io::FileSystem& fs, const std::string& dir, const Options& options, Report& report)
      : place_{fs, dir, options.keys.ring.get(), {}}, options_(options), report_(report), tree_(place_, report) {}

  Status run() {
    STELE_ASSIGN(const bool known, read_identity());
    if (!known) return {};
    // Checkpoints first: what grows meanwhile only adds entries behind them.
    std::vector<Claim> claims;
    const KeptCheckpoints kept = read_kept(place_, identity_.origin, key_, claims, report_);
    report_.checkpoints = kept.records;
    claim_anchors(options_, key_, claims, report_);
    STELE_ASSIGN(const Commitments erased, erased_values(place_));
    wanted_ = wanted_by(options_, claims);
    walk_ = std::make_unique<TreeWalk>(std::move(claims));
    STELE_TRY(read_entries());
    walk_->finish();
    judge(kept);
    STELE_TRY(check_apart(place_, apart_, erased, options_, report_));
    name_foreign_files();
    return {};
  }

 private:
  // False when nothing can be said without it.
  Result<bool> read_identity() {
    const std::string path = log::identity_path(place_.dir);
    auto identity = log::read_identity(place_.fs, place_.dir);
    if (!identity) {
      const Code code = identity.error().code;
      const bool is_log = place_.fs.exists(place_.path("journal")) || place_.fs.exists(place_.path("checkpoints"));
      const bool missing = code == Code::kNotFound && is_log;
      if (!missing && code != Code::kCorrupt && code != Code::kTooLarge) return identity.error();
      report_.add(missing ? "missing" : "changed", path, identity.error().message);
      report_.leave(place_.dir, "everything else: without the log's id and key nothing can be checked");
      return false;
    }
    identity_ = std::move(*identity);
    place_.id = identity_.id;
    report_.origin = identity_.origin;
    check_identity_text(path);
    key_ = options_.key.value_or(identity_.key);
    if (key_ != identity_.key) {
      report_.add("forged", path,
                  "the log names the key " + identity_.key.text() + ", not the one that was given: " + key_.text());
    }
    if (options_.key) report_.anchors.push_back("the key " + key_.text());
    return true;
  }

  // The file is written once and never again.
  void check_identity_text(const std::string& path) {
    const auto text = io::read_file(place_.fs, path, 1U << 20);
    const std::string written = log::identity_text(identity_);
    if (!text || *text != written) {
      report_.add("changed", path, "it is not, byte for byte, what is written when a log is made");
      return;
    }
    const auto leave = [&](const std::string& member, std::size_t size) {
      const std::string before = "\"" + member + "\":\"";
      const std::size_t at = written.rfind(before) + before.size();
      report_.leave(path, "the member " + member + ", on which nothing rests", at, at + size);
    };
    leave("created", identity_.created.size());
    leave("fingerprint_seed", 2 * sizeof identity_.fingerprint_seed);
  }

  // Segments, then what the journal holds behind them. A live server may seal and merge meanwhile: then what follows the
  // segments that were read has left the journal, and the list is read again.
  Status read_entries() {
    std::string seen;
    int same = 0;
    for (int looks = 1;; ++looks) {
      STELE_TRY(read_segments());
      STELE_ASSIGN(image_, read_journal(place_, walk_->size()));
      chain_ = link_frames(place_, image_, walk_->size());
      const auto now = list_sealed(place_);
      if (now && now->end() > walk_->size() && looks < kLooksMax) continue;
      const std::string looks_like = fingerprint(image_, chain_);
      same = looks_like == seen ? same + 1 : 1;
      if (looks_like.empty() || same == kLooks) break;
      if (looks == kLooksMax) return leave_journal();
      seen = looks_like;
      std::this_thread::sleep_for(kBetweenLooks);
    }
    sealed_ = walk_->size();
    report_.findings.insert(report_.findings.end(), image_.findings.begin(), image_.findings.end());
    report_.findings.insert(report_.findings.end(), chain_.findings.begin(), chain_.findings.end());
    TailEntries tail = read_tail(place_, chain_, *walk_, wanted_);
    take(std::move(tail.run), place_.path("journal"));
    if (tail.end > walk_->size()) walk_->skip(tail.end - walk_->size());
    return {};
  }

  // It never looked the same twice. What was found elsewhere counts nevertheless.
  Status leave_journal() {
    const std::string why =
        "changed at every look, so what is wrong in it cannot be told from what is being written; try again when fewer events "
        "come, or on a copy";
    if (report_.intact()) return Error{Code::kUnavailable, place_.path("journal") + " " + why};
    report_.leave(place_.path("journal"), why);
    sealed_ = walk_->size();
    if (chain_.end_index() > sealed_) walk_->skip(chain_.end_index() - sealed_);
    chain_ = {};
    return {};
  }

  Status read_segments() {
    const auto list = list_sealed(place_, Patience::kSome);
    if (!list) {
      report_.add("unreadable", place_.path("segments"), list.error().message);
      return {};
    }
    read_sealed(place_, *list, walk_->size(), wanted_, [&](const SealedPiece& piece, EntryRun run) {
      last_first_ = piece.first;
      if (piece.file) ++segments_;
      if (run.foreign) ++foreign_segments_;
      const std::uint64_t got = run.bundles.size() * kBundleEntries;
      take(std::move(run), piece_path(place_, piece));
      stand_in(piece.first + got, piece.end);
      ++report_.files;
      if (options_.progress) options_.progress(piece.end, list->end());
    });
    return {};
  }

  void take(EntryRun run, const std::string& where) {
    if (run.received_first) {
      if (received_last_ && *run.received_first < *received_last_) {
        report_.add("disorder", where, "its first entry was received before the last one in front of it", walk_->size(),
                    walk_->size() + 1);
      }
      received_last_ = run.received_last;
    }
    report_.findings.insert(report_.findings.end(), run.findings.begin(), run.findings.end());
    apart_.add(std::move(run.apart));
    report_.entry_bytes += run.entry_bytes;
    report_.file_bytes += run.file_bytes;
    for (const BundleHashes& bundle : run.bundles) walk_->add(bundle);
  }

  // Entries that could not be read: what the tree's files keep of them lets the rest be judged.
  void stand_in(std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t at = first; at < end; at += kBundleEntries) {
      const auto root = walk_->blind() ? std::nullopt : tree_.kept_root(at / kBundleEntries);
      if (root) {
        walk_->add({*root, kBundleEntries, {}});
        continue;
      }
      if (!walk_->blind())
        report_.add("unreadable", place_.dir, "the tree could not be rebuilt past entry " + std::to_string(at), at, at + 1);
      walk_->skip(end - at);
      return;
    }
  }

  void judge(const KeptCheckpoints& kept) {
    report_.entries = walk_->size();
    report_.root = walk_->root();
    judge_identity(kept);
    judge_kept(kept);
    const auto holders = [&](std::uint64_t first, std::uint64_t end) { return files_of(first, end); };
    const std::uint64_t signed_end = judge_claims(*walk_, options_, place_.path("checkpoints"), holders, report_);
    judge_cut(place_, chain_, walk_->size(), signed_beyond(*walk_), report_);
    leave_free_space(place_, image_, chain_, report_);
    tree_.check({walk_->bundle_roots(), sealed_, last_first_, signed_end});
    if (signed_end < walk_->size()) {
      report_.leave(entries_text(signed_end, walk_->size()),
                    "no checkpoint that holds covers them, nor what may have followed them");
    }
    if (report_.anchored_entries == 0) {
      report_.leave("the end of the log",
                    "whether there once were more entries, taken off with all that was signed over them: no checkpoint or "
                    "receipt from outside was given");
    }
  }

  // An id or a key that nothing in the log knows is wrong in log.json, not in everything else.
  void judge_identity(const KeptCheckpoints& kept) {
    const std::string path = log::identity_path(place_.dir);
    const bool foreign = segments_ > 0 ? foreign_segments_ == segments_ : image_.foreign > 0;
    if (foreign && image_.frames.empty())
      report_.add("changed", path, "the log's id is in no segment and no frame: they have another");
    if (!options_.key && kept.good > 0 && kept.forged == kept.good)
      report_.add("forged", path, "no checkpoint is signed by the key that it names, " + key_.text());
  }

  void judge_kept(const KeptCheckpoints& kept) {
    if (kept.records > 0) return;
    const std::string path = place_.path("checkpoints");
    if (walk_->size() > 0 || !image_.frames.empty() || tree_.kept_root(0)) {
      report_.add("missing", path, "no checkpoint is there, but every log publishes one when it is made");
    } else {
      report_.leave(path, "no checkpoint and no entry is there: the log was never opened, or all was removed");
    }
  }

  // The files in which entries [first, end) stand.
  std::string files_of(std::uint64_t first, std::uint64_t end) {
    std::string out;
    const auto add = [&](const std::string& path) { out += out.empty() ? path : ", " + path; };
    if (const auto list = list_sealed(place_); list && first < sealed_) {
      for (const SealedPiece& piece : list->pieces) {
        if (piece.first < end && first < piece.end) add(piece_path(place_, piece));
      }
    }
    if (end > sealed_) {
      std::string last;
      for (const SeenFrame* frame : chain_.frames) {
        if (frame->header.first_index >= end || frame->header.end_index() <= std::max(first, sealed_) || frame->file == last)
          continue;
        last = frame->file;
        add(place_.path("journal/" + last));
      }
    }
    return out;
  }

  // Names what no check above has looked at.
  void name_foreign_files() {
    const auto each = [&](const std::string& dir, const std::function<bool(const std::string&)>& known) {
      const auto names = place_.fs.list(dir);
      if (!names) return;  // absent, or reported already
      for (const std::string& name : *names) {
        if (!known(name)) report_.leave(dir + "/" + name, "not a file of a log");
      }
    };
    each(place_.dir, [](const std::string& name) {
      constexpr std::array<std::string_view, 9> kKnown{"log.json", "checkpoints", "journal", "segments",    "tree",
                                                       "window",   "apart",       "keyring", "keyring.copy"};
      return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
    });
    each(place_.path("segments"), [](const std::string& name) { return log::parse_segment_name(name).has_value(); });
    each(place_.path("journal"), [](const std::string& name) { return name.ends_with(".journal"); });
    each(place_.path("tree"), is_tree_file);
    if (const auto window = place_.fs.list(place_.path("window")); window && !window->empty())
      report_.leave(place_.path("window"), "derived from the entries, and never believed without them");
    for (const std::string& path : {keyring::keyring_path(place_.dir), keyring::keyring_copy_path(place_.dir)}) {
      if (place_.fs.exists(path)) report_.leave(path, "keys: with wrong ones nothing could be read");
    }
    if (const auto list = list_sealed(place_)) {
      for (const std::string& name : list->spare)
        report_.leave(place_.path("segments/" + name), "left over by a merge: a larger segment holds its entries");
    }
    if (segments_ > 0) {
      report_.leave(place_.path("segments"),
                    "the number and digest of the last commit in each segment's trailer, which checksums alone cover");
    }
  }

  LogPlace place_;
  const Options& options_;
  Report& report_;
  StoredTree tree_;
  log::Identity identity_;
  merkle::VerifierKey key_;
  Wanted wanted_;
  ApartMentions apart_;
  std::unique_ptr<TreeWalk> walk_;
  JournalImage image_;
  JournalChain chain_;
  std::uint64_t sealed_ = 0;
  std::uint64_t last_first_ = 0;  // where the last segment starts
  std::uint64_t segments_ = 0;
  std::uint64_t foreign_segments_ = 0;
  std::optional<UnixNanos> received_last_;
};

}  // namespace

Status verify_directory(io::FileSystem& fs, const std::string& log_dir, const Options& options, Report& report) {
  if (options.keys.ring) {
    keyring::EncryptedFiles files(fs, options.keys.ring, crypto::system_random());
    return DirectoryCheck(files, log_dir, options, report).run();
  }
  return DirectoryCheck(fs, log_dir, options, report).run();
}

}  // namespace stele::verify
