// Any bytes as an encrypted file: read by way of a file and through memory they are refused or give the same contents.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "crypto/random.h"
#include "keyring/encrypted_file.h"
#include "keyring/encrypted_files.h"
#include "support/test_ring.h"

namespace {

namespace sk = stele::keyring;

std::string path() { return "/tmp/stele-encrypted-fuzz." + std::to_string(::getpid()); }

void write(std::string_view bytes) {
  if (stele::io::posix().exists(path())) (void)stele::io::posix().remove(path());
  const auto file = stele::io::posix().open_write(path(), 0600);
  const stele::ByteSpan part = stele::as_byte_span(bytes);
  if (!file || !(*file)->write_at(0, {&part, 1})) std::abort();
}

void read_both_ways(sk::EncryptedFiles& files) {
  const auto read = stele::io::read_file(files, path(), 1U << 20);
  const auto mapping = files.map(path());
  const bool is_mapped = mapping && (*mapping)->load(0, (*mapping)->bytes().size());
  if (read.ok() != is_mapped || (is_mapped && *read != (*mapping)->bytes())) std::abort();
}

}  // namespace

// The first byte says what is done with the rest: it is a file as it is, or the contents of one, of which a byte is then changed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  sk::EncryptedFiles files(stele::io::posix(), stele::testing::test_ring(), stele::crypto::system_random());
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    write(rest);
    read_both_ways(files);
  } else {
    if (!stele::io::write_file(files, path(), rest, 0600)) std::abort();
    if (stele::io::read_file(files, path(), 1U << 20).value() != rest) std::abort();
    std::string bytes = stele::io::read_file(stele::io::posix(), path(), 1U << 20).value();
    const std::size_t at = (data[0] / 2 * std::size_t{257}) % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write(bytes);
    const auto read = stele::io::read_file(files, path(), 1U << 20);
    if (read && *read == rest) std::abort();
    read_both_ways(files);
  }
  (void)stele::io::posix().remove(path());
  return 0;
}
