// Master keys as text.
#include "keyring/master_key.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace stele::keyring {
namespace {

constexpr const char* kBase64 = "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
constexpr const char* kHex = "0909000000000000000000000000000000000000000000000000000000000000";

// Goal: what `openssl rand` prints in either form, one a line, the first one first.
TEST(MasterKey, is_read_in_base64_and_in_hexadecimal) {
  const auto keys = parse_master_keys(std::string(kBase64) + "\r\n\n" + kHex);
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->front().key, (crypto::AeadKey{1, 2, 3}));
  EXPECT_EQ(keys->back().key, (crypto::AeadKey{9, 9}));
  EXPECT_EQ(master_key_text(keys->front()), kBase64);
}

// Goal: what is no key is refused by its line, and is never repeated: it may be one, nearly.
TEST(MasterKey, refuses_what_is_none_without_showing_it) {
  for (const std::string& bad : {std::string(), std::string("\n\n"), std::string("secret words"), std::string(kBase64) + "x",
                                 std::string(kHex).substr(2), std::string(kBase64) + "\nsecret words"}) {
    const auto keys = parse_master_keys(bad);
    ASSERT_FALSE(keys) << bad;
    EXPECT_EQ(keys.error().code, Code::kInvalid);
    EXPECT_EQ(keys.error().message.find("secret"), std::string::npos);
  }
  EXPECT_NE(parse_master_keys(std::string(kBase64) + "\nno").error().message.find("line 2"), std::string::npos);
  std::string many;
  for (std::size_t i = 0; i <= kMasterKeysMax; ++i) many += std::string(kBase64) + "\n";
  EXPECT_FALSE(parse_master_keys(many));
}

}  // namespace
}  // namespace stele::keyring
