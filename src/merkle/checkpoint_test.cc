// Checkpoints and proof files against vectors of another implementation, and all that is none.
#include "merkle/checkpoint.h"

#include <gtest/gtest.h>

#include "support/naive_tree.h"
#include "support/vectors.h"

namespace stele::merkle {
namespace {

using namespace std::literals;
using testing::number_of;
using testing::text_of;

constexpr std::string_view kRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

NoteSigner test_signer(std::string name = "log.example/test") {
  return {std::move(name), crypto::SigningKey::from_seed(std::array<std::uint8_t, 32>{7}).value()};
}

// Goal: checkpoints that another implementation signed open under its key, and say what they should.
TEST(Checkpoint, of_another_implementation_opens) {
  const auto leaves = testing::numbered_leaves(1000);
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("checkpoints")) {
    const auto key = parse_verifier_key(text_of(vector, "vkey")).value();
    const auto checkpoint = open_checkpoint(text_of(vector, "checkpoint"), key);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->origin, key.name);
    EXPECT_EQ(checkpoint->size, number_of(vector, "size"));
    EXPECT_EQ(checkpoint->root, testing::naive_root(std::span(leaves).first(checkpoint->size)));
    EXPECT_TRUE(text_of(vector, "checkpoint").starts_with(checkpoint->text() + "\n"));
  }
}

// Goal: what is printed is read back, and extension lines are passed over.
TEST(Checkpoint, comes_back_from_its_text) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{70'000}, kSizeMax}) {
    const Checkpoint checkpoint{"log.example/größe", size, testing::naive_leaf(std::to_string(size))};
    EXPECT_EQ(parse_checkpoint(checkpoint.text()).value(), checkpoint);
    EXPECT_EQ(parse_checkpoint(checkpoint.text() + "an extension\nanother one\n").value(), checkpoint);
  }
  EXPECT_EQ((Checkpoint{"a", 0, testing::hash_from(kRoot)}.text()), "a\n0\n" + std::string(kRoot) + "\n");
}

// Goal: one checkpoint has one text: every other spelling is kInvalid.
TEST(Checkpoint, is_refused_in_any_other_form) {
  const std::string root(kRoot);
  for (const std::string& text : std::vector<std::string>{
           ""s,
           "a"s,
           "a\n"s,
           "a\n1"s,
           "a\n1\n"s,
           "a\n1\n" + root,
           "\n1\n" + root + "\n",
           "a\n\n" + root + "\n",
           "a\n1\n\n",
           "a\n-1\n" + root + "\n",
           "a\n+1\n" + root + "\n",
           "a\n01\n" + root + "\n",
           "a\n1 \n" + root + "\n",
           "a\n 1\n" + root + "\n",
           "a\n0x1\n" + root + "\n",
           "a\n1.0\n" + root + "\n",
           "a\n4611686018427387905\n" + root + "\n",
           "a\n18446744073709551617\n" + root + "\n",
           "a\n1\n" + root.substr(0, 43) + "\n",
           "a\n1\n" + root + "=\n",
           "a\n1\n " + root + "\n",
           "a\n1\n" + root + " \n",
           "a\n1\n" + root + "\r\n",
           "a\n1\nAAAA\n",
           "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
           "a\n1\n" + root + "\n\n",
           "a\n1\n" + root + "\nx",
           "a\n1\n" + root + "\n\nx\n",
           "a\n1\n" + root + "\nx\n\n",
       }) {
    const auto parsed = parse_checkpoint(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
}

// Goal: a checkpoint counts only under its own log's key: another key, another origin or any other bit is refused.
TEST(Checkpoint, opens_only_under_its_own_key) {
  const NoteSigner signer = test_signer();
  const Checkpoint checkpoint{"log.example/test", 5, testing::hash_from(kRoot)};
  const std::string note = signer.sign(checkpoint.text());
  EXPECT_EQ(open_checkpoint(note, signer.verifier()).value(), checkpoint);
  EXPECT_FALSE(open_checkpoint(note, test_signer("log.example/other").verifier()).ok());
  const std::string stranger = signer.sign(Checkpoint{"log.example/other", 5, checkpoint.root}.text());
  EXPECT_EQ(open_checkpoint(stranger, signer.verifier()).error().code, Code::kInvalid) << "right key, another log";
  EXPECT_FALSE(open_checkpoint(signer.sign("no checkpoint\n"), signer.verifier()).ok());
  EXPECT_FALSE(open_checkpoint(checkpoint.text(), signer.verifier()).ok());
  for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string other = note;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(open_checkpoint(other, signer.verifier()).ok()) << "bit " << bit;
  }
}

// Goal: proof files of another implementation are read, lead from their entry to their checkpoint, and are printed the same.
TEST(ProofFile, of_another_implementation_verifies) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("tlog_proofs")) {
    const std::string text = text_of(vector, "text");
    const auto file = parse_proof_file(text);
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ(file->index, number_of(vector, "index"));
    const auto checkpoint = open_checkpoint(file->checkpoint, parse_verifier_key(text_of(vector, "vkey")).value());
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->size, number_of(vector, "size"));
    const Hash leaf = testing::naive_leaf(text_of(vector, "entry"));
    EXPECT_TRUE(verify_inclusion(file->index, leaf, checkpoint->size, file->proof, checkpoint->root).ok()) << text;
    if (testing::has(vector, "extra_base64")) continue;
    EXPECT_EQ(file->text(), text);
  }
}

// Goal: what is printed is read back, with no hashes and with the most there can be.
TEST(ProofFile, comes_back_from_its_text) {
  for (const std::size_t hashes : {0U, 1U, 63U}) {
    const ProofFile file{12, Proof(hashes, testing::hash_from(kRoot)), test_signer().sign("a\n13\n" + std::string(kRoot) + "\n")};
    const auto parsed = parse_proof_file(file.text());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->index, file.index);
    EXPECT_EQ(parsed->proof, file.proof);
    EXPECT_EQ(parsed->checkpoint, file.checkpoint);
  }
  const ProofFile longer{12, Proof(64), "a"};
  EXPECT_EQ(parse_proof_file(longer.text()).error().code, Code::kInvalid);
}

// Goal: every other form is kInvalid.
TEST(ProofFile, is_refused_in_any_other_form) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string root(kRoot);
  for (const std::string& text : std::vector<std::string>{
           ""s,
           "\n"s,
           head,
           head + "\n",
           "c2sp.org/tlog-proof@v2\nindex 1\n\nc",
           "c2sp.org/tlog-proof@v1\r\nindex 1\n\nc",
           " " + head + "index 1\n\nc",
           head + "index 1",
           head + "index 1\n",
           head + "index 1\n" + root + "\n",
           head + "index 1\n" + root,
           head + "index\n\nc",
           head + "index \n\nc",
           head + "index 01\n\nc",
           head + "index -1\n\nc",
           head + "index 1 \n\nc",
           head + "index 18446744073709551616\n\nc",
           head + "Index 1\n\nc",
           head + "index 1\nAAAA\n\nc",
           head + "index 1\n" + root + " \n\nc",
           head + "extra\nindex 1\n\nc",
           head + "extra A\nindex 1\n\nc",
           head + "extra AAAA\n\nc",
           head + "extra AAAA\nextra AAAA\nindex 1\n\nc",
           head + "index 1\nextra AAAA\n\nc",
           head + root + "\nindex 1\n\nc",
       }) {
    const auto parsed = parse_proof_file(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
  EXPECT_TRUE(parse_proof_file(head + "extra \nindex 1\n\nc").ok()) << "empty extra data is base64 of nothing";
}

}  // namespace
}  // namespace stele::merkle
