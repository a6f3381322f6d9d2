#include "crypto/sha256.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crypto/sha256_lanes.h"

namespace stele::crypto {
namespace {

const std::string kMillionAs(1'000'000, 'a');

struct Example {
  std::string_view message;
  std::string_view hash;
};

// NIST, "Examples with Intermediate Values" for FIPS 180-4, and the empty message.
const Example kExamples[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {kMillionAs, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

// A way to hash a batch: one kernel, or (without one) the choice that hash_leaves makes.
struct Way {
  std::string name;
  std::optional<Sha256Kernel> kernel;

  void hash(std::uint8_t prefix, std::span<const ByteSpan> bodies, Hash* out) const {
    if (kernel) return hash_prefixed(*kernel, prefix, bodies, out);
    hash_prefixed(prefix, bodies, out);
  }
  void nodes(const Hash* children, std::size_t pairs, Hash* out) const {
    if (kernel) return hash_nodes(*kernel, children, pairs, out);
    hash_nodes(children, pairs, out);
  }
};

std::vector<Way> ways() {
  std::vector<Way> all{{"chosen", std::nullopt}};
  for (const Sha256Kernel kernel : available_kernels()) all.push_back({std::string(kernel_name(kernel)), kernel});
  return all;
}

// What OpenSSL makes of prefix ‖ body in one go.
Hash reference(std::uint8_t prefix, ByteSpan body) {
  std::string message(1, static_cast<char>(prefix));
  message.append(as_text(body));
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(message.data()), message.size(), hash.data());
  return hash;
}

std::string random_text(std::mt19937_64& random, std::size_t size) {
  std::string text(size, '\0');
  std::ranges::generate(text, [&] { return static_cast<char>(random()); });
  return text;
}

// Hashes `bodies` every way and compares with OpenSSL.
void expect_as_reference(std::uint8_t prefix, const std::vector<ByteSpan>& bodies) {
  std::vector<Hash> expected;
  for (const ByteSpan body : bodies) expected.push_back(reference(prefix, body));
  for (const Way& way : ways()) {
    std::vector<Hash> hashes(bodies.size() + 1, Hash{0xee});
    way.hash(prefix, bodies, hashes.data());
    ASSERT_EQ(hashes.back(), Hash{0xee}) << way.name << " wrote past the end";
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      ASSERT_EQ(hashes[i], expected[i]) << way.name << ": body " << i << " of " << bodies.size() << ", " << bodies[i].size()
                                        << " bytes";
    }
  }
}

// Goal: the published vectors come out of every entry point.
TEST(Sha256, matches_the_published_vectors) {
  for (const Example& example : kExamples) {
    const std::string_view text = example.message;
    const ByteSpan message = as_byte_span(text);
    EXPECT_EQ(hex_encode(as_byte_span(sha256(message))), example.hash);
    Sha256 hasher;
    for (ByteSpan rest = message; !rest.empty();) {
      const std::size_t piece = std::min(rest.size(), std::size_t{977});
      hasher.update(rest.first(piece));
      rest = rest.subspan(piece);
    }
    EXPECT_EQ(hex_encode(as_byte_span(hasher.finish())), example.hash);
    if (text.empty()) continue;
    const ByteSpan body = message.subspan(1);
    for (const Way& way : ways()) {
      Hash hash;
      way.hash(static_cast<std::uint8_t>(text[0]), {&body, 1}, &hash);
      EXPECT_EQ(hex_encode(as_byte_span(hash)), example.hash) << way.name;
    }
  }
}

// Goal: RFC 6962 section 2.1: the root of the empty tree, and the hashes that the Certificate Transparency
// implementations test with (leaves "" and 00, the node above them).
TEST(Sha256, hashes_trees_as_rfc_6962) {
  EXPECT_EQ(base64_encode(as_byte_span(sha256({}))), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  const Hash empty = hash_leaf({});
  const Hash zero = hash_leaf(as_byte_span(std::string_view("\0", 1)));
  EXPECT_EQ(hex_encode(as_byte_span(empty)), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(hex_encode(as_byte_span(zero)), "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
  EXPECT_EQ(hex_encode(as_byte_span(hash_node(empty, zero))), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

// Goal: an incremental hasher can be used again, and be moved in mid-message.
TEST(Sha256, starts_anew_after_finish) {
  Sha256 hasher;
  hasher.update(as_byte_span("ab"));
  Sha256 moved = std::move(hasher);
  moved.update({});
  moved.update(as_byte_span("c"));
  EXPECT_EQ(moved.finish(), sha256(as_byte_span("abc")));
  EXPECT_EQ(moved.finish(), sha256({}));
  moved.update(as_byte_span("abc"));
  EXPECT_EQ(moved.finish(), sha256(as_byte_span("abc")));
}

// Goal: the portable kernel is always there, and first; every kernel has a name of its own.
TEST(Sha256Kernels, always_include_the_portable_one) {
  const auto kernels = available_kernels();
  ASSERT_FALSE(kernels.empty());
  EXPECT_EQ(kernels.front(), Sha256Kernel::kPortable);
  EXPECT_TRUE(std::ranges::is_sorted(kernels));
  for (const Sha256Kernel kernel : kernels) EXPECT_FALSE(kernel_name(kernel).empty());
}

// Goal: every kind of first and last block: each length alone, and all in one batch that is cut into chunks.
TEST(Sha256Kernels, agree_on_every_short_length) {
  std::mt19937_64 random(1);
  const std::string text = random_text(random, 2000);
  std::vector<ByteSpan> bodies;
  for (std::size_t size = 0; size <= 300; ++size) {
    bodies.push_back(as_byte_span(text).subspan(size * 3, size));
    expect_as_reference(0x00, {bodies.back()});
  }
  expect_as_reference(0x00, bodies);
  for (int i = 0; i < 2; ++i) bodies.insert(bodies.end(), bodies.begin(), bodies.end());
  expect_as_reference(0xff, bodies);
}

// Goal: lanes that end and refill at different times never mix their messages up.
TEST(Sha256Kernels, agree_on_ragged_batches) {
  std::mt19937_64 random(2);
  const std::string text = random_text(random, 70'000);
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  for (int round = 0; round < 3000; ++round) {
    const std::size_t longest = round % 60 == 0 ? 65'536 : round % 2 == 0 ? 301 : 2001;
    std::vector<ByteSpan> bodies(round < 70 ? static_cast<std::size_t>(round + 1) : 1 + below(70));
    for (ByteSpan& body : bodies) {
      const std::size_t size = below(longest);
      body = as_byte_span(text).subspan(below(text.size() - size + 1), size);
    }
    if (round % 60 == 0) bodies[below(bodies.size())] = as_byte_span(text).first(65'535);
    ASSERT_NO_FATAL_FAILURE(expect_as_reference(static_cast<std::uint8_t>(random()), bodies));
  }
}

// Goal: an empty batch touches nothing.
TEST(Sha256Kernels, accept_nothing_to_do) {
  for (const Way& way : ways()) {
    way.hash(0, {}, nullptr);
    way.nodes(nullptr, 0, nullptr);
  }
}

// Goal: no kernel reads a byte before or after a message: both neighbours are pages that may not be read.
TEST(Sha256Kernels, stay_inside_the_message) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* map = mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(map, MAP_FAILED);
  auto* middle = static_cast<std::byte*>(map) + page;
  ASSERT_EQ(mprotect(middle, page, PROT_READ | PROT_WRITE), 0);
  std::fill_n(middle, page, std::byte{0x5a});
  std::vector<ByteSpan> bodies;
  for (std::size_t size = 0; size <= 300; ++size) {
    bodies.emplace_back(middle, size);
    bodies.emplace_back(middle + page - size, size);
  }
  bodies.emplace_back(middle, page);
  expect_as_reference(0x00, bodies);

  const std::size_t count = page / sizeof(Hash);
  const auto* children = reinterpret_cast<const Hash*>(middle);
  std::vector<Hash> out(count / 2);
  for (const Way& way : ways()) {
    for (std::size_t pairs = 1; pairs <= count / 2; ++pairs) {
      way.nodes(children, pairs, out.data());
      way.nodes(children + count - 2 * pairs, pairs, out.data());
    }
  }
  ASSERT_EQ(munmap(map, 3 * page), 0);
}

// Goal: nodes are right for every number of pairs, out of place and reduced in place, up to a whole tree.
TEST(Sha256Kernels, agree_on_nodes_also_in_place) {
  std::mt19937_64 random(3);
  std::vector<Hash> children(2 * 150);
  for (Hash& child : children) std::ranges::generate(child, [&] { return static_cast<std::uint8_t>(random()); });
  std::vector<Hash> expected;
  for (std::size_t i = 0; i < children.size(); i += 2) {
    expected.push_back(reference(kNodePrefix, std::as_bytes(std::span(children).subspan(i, 2))));
  }
  for (const Way& way : ways()) {
    for (std::size_t pairs = 0; pairs <= expected.size(); ++pairs) {
      std::vector<Hash> out(pairs + 1, Hash{0xee});
      way.nodes(children.data(), pairs, out.data());
      ASSERT_TRUE(std::equal(out.begin(), out.end() - 1, expected.begin())) << way.name << ", " << pairs << " pairs";
      ASSERT_EQ(out.back(), Hash{0xee}) << way.name << " wrote past the end";

      std::vector<Hash> in_place = children;
      way.nodes(in_place.data(), pairs, in_place.data());
      ASSERT_TRUE(std::equal(out.begin(), out.end() - 1, in_place.begin())) << way.name << ", " << pairs << " in place";
      ASSERT_TRUE(std::equal(in_place.begin() + static_cast<std::ptrdiff_t>(pairs), in_place.end(),
                             children.begin() + static_cast<std::ptrdiff_t>(pairs)));
    }
  }
}

// Goal: threads do not share a hasher.
TEST(Sha256Kernels, serve_threads_at_the_same_time) {
  const auto work = [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::string text = random_text(random, 5000);
    std::vector<ByteSpan> bodies;
    for (std::size_t i = 0; i < 40; ++i) bodies.push_back(as_byte_span(text).subspan(i * 7, i * 100));
    for (int i = 0; i < 20; ++i) expect_as_reference(0x00, bodies);
  };
  std::vector<std::jthread> threads;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
}

}  // namespace
}  // namespace stele::crypto
