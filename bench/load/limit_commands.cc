// bench_load fdatasync and bench_load sha256: what the machine itself can do.
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "commands.h"
#include "measure.h"
#include "random.h"

namespace stele::bench {
namespace {

constexpr std::uint64_t kRecycledBytes = std::uint64_t{64} << 20U;
constexpr std::size_t kMessages = 64;  // hashed in turn: they stay in the cache, as a fresh batch does

std::vector<char> random_bytes(std::size_t size) {
  std::vector<char> bytes(size);
  Random random(1);
  for (char& byte : bytes) byte = static_cast<char>(random.next() >> 56U);
  return bytes;
}

void write_at(int fd, const std::vector<char>& bytes, std::uint64_t offset) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0) give_up_errno("pwrite");
    done += static_cast<std::size_t>(n);
  }
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

}  // namespace

int run_fdatasync(Options& options) {
  const std::string directory = options.required("dir");
  const std::uint64_t size = options.count("size", 4096);
  const double seconds = options.real("seconds", 2);
  options.finish();
  if (size == 0 || size > kRecycledBytes) give_up("--size must be at least 1 and at most 64 MiB");

  const std::string path = directory + "/fdatasync." + std::to_string(::getpid());
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) give_up_errno("cannot create " + path);
  ::unlink(path.c_str());
  const std::vector<char> bytes = random_bytes(size);
  const std::uint64_t span = kRecycledBytes / size * size;
  for (std::uint64_t offset = 0; offset < span; offset += size) write_at(fd, bytes, offset);
  if (::fsync(fd) != 0) give_up_errno("fsync");

  Histogram latency;
  const std::uint64_t start_ns = now_ns();
  const std::uint64_t stop_ns = start_ns + static_cast<std::uint64_t>(seconds * 1e9);
  std::uint64_t before_ns = start_ns;
  for (std::uint64_t offset = 0; before_ns < stop_ns; offset = offset + 2 * size <= span ? offset + size : 0) {
    write_at(fd, bytes, offset);
    if (::fdatasync(fd) != 0) give_up_errno("fdatasync");
    const std::uint64_t after_ns = now_ns();
    latency.record(after_ns - before_ns);
    before_ns = after_ns;
  }
  ::close(fd);
  const double elapsed = static_cast<double>(before_ns - start_ns) * 1e-9;
  JsonLine()
      .text("bench", "fdatasync")
      .count("size", size)
      .real("seconds", elapsed)
      .count("syncs", latency.count())
      .real("syncs_per_second", static_cast<double>(latency.count()) / elapsed)
      .quantiles_us("latency_us", latency)
      .print();
  return 0;
}

int run_sha256(Options& options) {
  const std::uint64_t size = options.count("size", 950);
  const double seconds = options.real("seconds", 2);
  options.finish();

  const std::unique_ptr<EVP_MD, FreeDigest> digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (!digest || !context) give_up("OpenSSL has no SHA-256");
  const std::vector<char> bytes = random_bytes(size * kMessages);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};

  const std::uint64_t start_ns = now_ns();
  const std::uint64_t stop_ns = start_ns + static_cast<std::uint64_t>(seconds * 1e9);
  std::uint64_t hashed = 0;
  while (now_ns() < stop_ns) {
    for (std::size_t i = 0; i < kMessages; ++i) {
      const bool done = EVP_DigestInit_ex2(context.get(), digest.get(), nullptr) == 1 &&
                        EVP_DigestUpdate(context.get(), bytes.data() + i * size, size) == 1 &&
                        EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
      if (!done) give_up("OpenSSL failed to hash");
    }
    hashed += kMessages;
  }
  const double elapsed = static_cast<double>(now_ns() - start_ns) * 1e-9;
  const double rate = static_cast<double>(hashed) / elapsed;
  JsonLine()
      .text("bench", "sha256")
      .count("size", size)
      .real("seconds", elapsed)
      .real("hashes_per_second", rate)
      .real("bytes_per_second", rate * static_cast<double>(size))
      .print();
  return 0;
}

}  // namespace stele::bench
