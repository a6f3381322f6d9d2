// When tokens and users were used last, also before the last start. No entry: of what each did there are entries anyway.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "access/grants.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/file.h"

namespace stele::audit {

// By the text of their identities. The file's text, there and back (docs/formats/access.md); kCorrupt when it is none.
std::string last_uses_text(const std::map<std::string, UnixNanos>& uses);
Result<std::map<std::string, UnixNanos>> parse_last_uses(std::string_view text);

// Thread-safe. The file system and the grants outlive it.
class LastUses {
 public:
  LastUses(io::FileSystem& fs, std::string file, const access::Grants& grants)
      : fs_(fs), file_(std::move(file)), grants_(grants) {}

  // Tells the grants what the file says. kCorrupt: it says nothing, and will be written anew. Else it cannot be read now, and
  // stays as it is.
  Status read();
  // Writes what changed since, if anything did. Blocks on the disk. kIo: the next call tries again.
  Status keep();

 private:
  io::FileSystem& fs_;
  const std::string file_;
  const access::Grants& grants_;
  std::mutex mutex_;
  // What follows is guarded by it.
  std::map<std::string, UnixNanos> kept_;
  bool unreadable_ = false;
};

}  // namespace stele::audit
