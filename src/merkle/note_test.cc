// Signed notes against vectors of another implementation, and all that is no note.
#include "merkle/note.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "base/bytes.h"
#include "support/vectors.h"

namespace stele::merkle {
namespace {

using namespace std::literals;
using testing::text_of;

constexpr std::string_view kDash = "\xe2\x80\x94 ";

NoteSigner signer_of(simdjson::dom::element key) {
  auto signer = parse_note_signer(text_of(key, "skey"));
  EXPECT_TRUE(signer.ok());
  return std::move(signer).value();
}

NoteSigner signer_named(std::string name = "log.example/test", std::uint8_t seed = 1) {
  std::array<std::uint8_t, 32> bytes{};
  bytes[0] = seed;
  return {std::move(name), crypto::SigningKey::from_seed(bytes).value()};
}

// Goal: key texts of another implementation are read and written the same, ids and all.
TEST(NoteKey, has_the_texts_of_another_implementation) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("keys")) {
    const NoteSigner signer = signer_of(vector);
    EXPECT_EQ(signer.private_text(), text_of(vector, "skey"));
    EXPECT_EQ(signer.verifier().text(), text_of(vector, "vkey"));
    EXPECT_EQ(signer.verifier().name, text_of(vector, "name"));
    const KeyId id = signer.verifier().id();
    EXPECT_EQ(hex_encode(std::as_bytes(std::span(id))), text_of(vector, "key_id_hex"));
    std::array<std::uint8_t, 32> seed{};
    const auto raw = hex_decode(text_of(vector, "seed_hex"));
    ASSERT_TRUE(raw.has_value() && raw->size() == seed.size());
    std::memcpy(seed.data(), raw->data(), seed.size());
    EXPECT_EQ(NoteSigner(text_of(vector, "name"), crypto::SigningKey::from_seed(seed).value()).verifier(), signer.verifier());
  }
}

// Goal: exactly the verifier keys that another implementation takes are taken.
TEST(NoteKey, is_taken_or_refused_as_by_another_implementation) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("vkeys")) {
    const auto key = parse_verifier_key(text_of(vector, "vkey"));
    const bool ok = testing::member<bool>(vector, "ok");
    EXPECT_EQ(key.ok(), ok) << text_of(vector, "case");
    EXPECT_EQ(key ? key->text() : "", ok ? text_of(vector, "vkey") : "");
  }
}

// Goal: a name is what can stand in a signature line: no space of Unicode, no control character, no plus.
TEST(NoteKey, has_a_name_without_spaces_and_controls) {
  for (const std::string_view name :
       {"a"sv, "log.example/a-b_c~d"sv, "log.example/prüfbuch/日誌"sv, "\xf0\x9f\x8c\x92"sv, "—"sv}) {
    EXPECT_TRUE(is_key_name(name)) << name;
  }
  for (const std::string_view name :
       {""sv, " "sv, "a b"sv, "a+b"sv, "+"sv, "a\tb"sv, "a\nb"sv, "a\0b"sv, "a\x7f"sv, "\xff"sv, "a\xc0\xaf"sv, "\xed\xa0\x80"sv,
        // U+0085, U+00A0, U+1680, U+2000, U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
        "a\xc2\x85"sv, "a\xc2\xa0z"sv, "\xe1\x9a\x80"sv, "\xe2\x80\x80"sv, "\xe2\x80\x8a"sv, "\xe2\x80\xa8"sv, "\xe2\x80\xa9"sv,
        "\xe2\x80\xaf"sv, "\xe2\x81\x9f"sv, "\xe3\x80\x80"sv}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
  EXPECT_TRUE(is_key_name(std::string(255, 'a')));
  EXPECT_FALSE(is_key_name(std::string(256, 'a')));
}

// Goal: a private key text with any character changed is refused or is another key.
TEST(NoteKey, private_text_is_held_together_by_its_id) {
  const std::string text = signer_named().private_text();
  EXPECT_EQ(parse_note_signer(text)->private_text(), text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_FALSE(parse_note_signer(other).ok()) << other;
  }
  for (const std::string& other :
       {text.substr(1), text.substr(0, text.size() - 1), text + "A", "PRIVATE+KEY+"s, ""s, signer_named().verifier().text()}) {
    EXPECT_EQ(parse_note_signer(other).error().code, Code::kInvalid) << other;
  }
}

// Goal: exactly the notes that another implementation opens are opened, with the same text.
TEST(Note, is_opened_or_refused_as_by_another_implementation) {
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("notes")) {
    const std::string name = text_of(vector, "case");
    const std::string bytes = testing::has(vector, "note")          ? text_of(vector, "note")
                              : testing::has(vector, "note_base64") ? base64_decode(text_of(vector, "note_base64")).value()
                                                                    : "";
    std::vector<VerifierKey> keys;
    for (const simdjson::dom::element key : testing::member<simdjson::dom::array>(vector, "vkeys")) {
      keys.push_back(parse_verifier_key(std::string_view(key)).value());
    }
    const auto note = parse_note(bytes);
    if (!testing::member<bool>(vector, "ok")) {
      bool opened = note.ok() && !keys.empty();
      for (const VerifierKey& key : keys) opened = opened && verify_note(*note, key).ok();
      EXPECT_FALSE(opened) << name;
      continue;
    }
    ASSERT_TRUE(note.ok()) << name << ": " << note.error().message;
    EXPECT_EQ(note->text, text_of(vector, "text")) << name;
    std::set<std::string> signed_by;
    for (const simdjson::dom::element by : testing::member<simdjson::dom::array>(vector, "signed_by"))
      signed_by.emplace(std::string_view(by));
    for (const VerifierKey& key : keys) EXPECT_EQ(verify_note(*note, key).ok(), signed_by.contains(key.name)) << name;
  }
}

// Goal: signing makes, byte for byte, the notes that another implementation made with the same key.
TEST(Note, is_signed_as_by_another_implementation) {
  const simdjson::dom::element key = testing::vectors(STELE_SOURCE_DIR).list("keys").at(0);
  const NoteSigner signer = signer_of(key);
  std::size_t compared = 0;
  for (const auto vector : testing::vectors(STELE_SOURCE_DIR).list("checkpoints")) {
    if (text_of(vector, "vkey") != signer.verifier().text()) continue;
    const std::string whole = text_of(vector, "checkpoint");
    EXPECT_EQ(signer.sign(whole.substr(0, whole.rfind("\n\n") + 1)), whole);
    ++compared;
  }
  EXPECT_GT(compared, 0U);
}

// Goal: of a signed note no bit can change: it is refused, or still says the same under the same signature.
TEST(Note, is_refused_after_any_single_bit_flip) {
  const NoteSigner signer = signer_named();
  const std::string note = signer.sign("log.example/test\n12\nabc\n");
  ASSERT_TRUE(verify_note(parse_note(note).value(), signer.verifier()).ok());
  for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string other = note;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    const auto parsed = parse_note(other);
    EXPECT_FALSE(parsed.ok() && verify_note(*parsed, signer.verifier()).ok()) << "bit " << bit;
  }
}

// Goal: signatures by others are passed over, in any number up to the limit.
TEST(Note, is_verified_among_signatures_of_others) {
  const NoteSigner signer = signer_named();
  const std::string text = "a\n";
  const std::string own = signer.sign(text);
  std::string note = "a\n\n";
  for (std::size_t i = 1; i < kSignaturesMax; ++i)
    note += std::string(kDash) + "witness.example/" + std::to_string(i) + " AAAAAAAA\n";
  note += own.substr(own.find(kDash));
  const auto parsed = parse_note(note);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->signatures.size(), kSignaturesMax);
  EXPECT_TRUE(verify_note(*parsed, signer.verifier()).ok());
  EXPECT_FALSE(verify_note(*parsed, signer_named("log.example/test", 2).verifier()).ok());
  EXPECT_FALSE(verify_note(*parsed, signer_named("log.example/other").verifier()).ok());
  EXPECT_EQ(parse_note(note + std::string(kDash) + "w AAAAAAAA\n").error().code, Code::kInvalid);
}

// Goal: what has not the form of a note is kInvalid, whatever it is.
TEST(Note, is_refused_in_any_other_form) {
  const std::string dash(kDash);
  for (const std::string& note : std::vector<std::string>{
           ""s,
           "\n"s,
           "\n\n"s,
           "a\n\n"s,
           "a\n"s,
           dash + "w AAAAAAAA\n",
           "\n" + dash + "w AAAAAAAA\n",
           "a\n" + dash + "w AAAAAAAA\n",
           "a\n\n" + dash + "w AAAAAAAA",
           "a\n\n" + dash + "w AAAAAAAA\n\n",
           "a\n\n" + dash + "w\n",
           "a\n\n" + dash + "w \n",
           "a\n\n" + dash + "\n",
           "a\n\n" + dash + " AAAAAAAA\n",
           "a\n\n" + dash + "w AAAA\n",
           "a\n\n" + dash + "w AAAAAA==\n",
           "a\n\n" + dash + "w AAAAAAAB=\n",
           "a\n\n" + dash + "w AAAAAAAA x\n",
           "a\n\n" + dash + "w  AAAAAAAA\n",
           "a\n\nw AAAAAAAA\n",
           "a\n\n\xe2\x80\x93 w AAAAAAAA\n",
           "a\n\n" + dash + "w+ AAAAAAAA\n",
           "a\r\n\r\n" + dash + "w AAAAAAAA\r\n",
           "a\x01\n\n" + dash + "w AAAAAAAA\n",
           "\xff\n\n" + dash + "w AAAAAAAA\n",
           "a\n\n" + dash + "w AAAAAAAA\nx\n",
           "a\n\n" + dash + "w\xc2\xa0x AAAAAAAA\n",
           std::string(kNoteBytesMax, 'a') + "\n\n" + dash + "w AAAAAAAA\n",
       }) {
    const auto parsed = parse_note(note);
    ASSERT_FALSE(parsed.ok()) << note.substr(0, 200);
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
  EXPECT_TRUE(parse_note("a\n\n" + dash + "w AAAAAAAA\n").ok());
}

}  // namespace
}  // namespace stele::merkle
