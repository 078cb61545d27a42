#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "codec/crypto/aead.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hkdf.h"
#include "codec/crypto/key_wrap.h"
#include "codec/json/document.h"

namespace gatehouse::codec::crypto {
namespace {

std::string Bytes(std::string_view hex) {
  const auto bytes = HexDecode(hex);
  EXPECT_TRUE(bytes.has_value()) << hex;
  return bytes.value_or("");
}
base::Secret Key(std::string_view hex) { return base::Secret(Bytes(hex)); }

// Calls `check` with each case of a file of tests/wycheproof, and returns how many there were.
template <class Check>
int EachCase(const std::string& file, Check check) {
  std::ifstream in(std::string(GH_SOURCE_DIR) + "/tests/wycheproof/" + file);
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    json::Document document;
    EXPECT_TRUE(document.Parse(line).ok()) << line;
    SCOPED_TRACE(file + " " + std::string(document.root()["id"].raw()));
    check(document.root());
  }
  return count;
}

bool IsValid(json::Value one) { return one["result"].string() == "valid"; }

TEST(AesGcm, KeepsToWycheproof) {
  const int cases = EachCase("aes_256_gcm.jsonl", [](json::Value one) {
    const std::string key = Bytes(one["key"].string());
    const std::string nonce = Bytes(one["nonce"].string());
    const std::string associated = Bytes(one["aad"].string());
    const std::string sealed = Bytes(one["ciphertext"].string());
    const auto opened = OpenAesGcm(key, nonce, associated, sealed);
    ASSERT_EQ(opened.has_value(), IsValid(one));
    if (!opened) return;
    EXPECT_EQ(*opened, Bytes(one["plaintext"].string()));
    EXPECT_EQ(SealAesGcm(key, nonce, associated, *opened), sealed);
  });
  EXPECT_EQ(cases, 66);
}

TEST(AesGcm, EveryChangedBitIsSeen) {
  const std::string key(kAesKeyBytes, 'k');
  const std::string nonce(kGcmNonceBytes, 'n');
  const std::string sealed = SealAesGcm(key, nonce, "about", "the text");
  ASSERT_EQ(OpenAesGcm(key, nonce, "about", sealed), "the text");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(OpenAesGcm(key, nonce, "about", changed)) << bit;
  }
  EXPECT_FALSE(OpenAesGcm(key, nonce, "abouT", sealed));
  EXPECT_FALSE(OpenAesGcm(std::string(kAesKeyBytes, 'K'), nonce, "about", sealed));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(OpenAesGcm(key, nonce, "about", std::string_view(sealed).substr(0, size))) << size;
  }
}

void CheckKeyWrap(KeyWrap form, json::Value one) {
  const std::string key = Bytes(one["key"].string());
  const std::string wrapped = Bytes(one["ciphertext"].string());
  const auto unwrapped = UnwrapKey(form, key, wrapped);
  const auto verdict = one["result"].string();
  if (verdict == "invalid") ASSERT_FALSE(unwrapped.has_value());
  if (verdict == "valid") ASSERT_TRUE(unwrapped.has_value());
  if (!unwrapped) return;
  EXPECT_EQ(unwrapped->Reveal(), Bytes(one["plaintext"].string()));
  EXPECT_EQ(WrapKey(form, key, *unwrapped), wrapped);
}

TEST(KeyWrap, KeepsToWycheproof) {
  EXPECT_EQ(EachCase("aes_256_wrap.jsonl", [](json::Value one) { CheckKeyWrap(KeyWrap::kExact, one); }), 68);
  EXPECT_EQ(EachCase("aes_256_wrap_padded.jsonl", [](json::Value one) { CheckKeyWrap(KeyWrap::kPadded, one); }), 94);
}

// RFC 3394, section 4.6; RFC 5649, section 6 has no example with 256 bits.
TEST(KeyWrap, TheExampleOfTheRfc) {
  const std::string key = Bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const base::Secret data = Key("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  const std::string wrapped = WrapKey(KeyWrap::kExact, key, data);
  EXPECT_EQ(HexEncode(wrapped), "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  EXPECT_EQ(UnwrapKey(KeyWrap::kExact, key, wrapped)->Reveal(), data.Reveal());
  EXPECT_FALSE(UnwrapKey(KeyWrap::kPadded, key, wrapped));
}

TEST(KeyWrap, RefusesWhatIsTooLong) {
  const std::string key(kAesKeyBytes, 'k');
  EXPECT_FALSE(UnwrapKey(KeyWrap::kExact, key, std::string(kMaxWrappedBytes + 24, 'x')));
  EXPECT_FALSE(UnwrapKey(KeyWrap::kPadded, key, ""));
}

TEST(Hkdf, KeepsToWycheproof) {
  const int cases = EachCase("hkdf_sha256.jsonl", [](json::Value one) {
    const auto size = static_cast<std::size_t>(one["size"].AsInteger().value_or(0));
    ASSERT_EQ(size <= kMaxHkdfBytes, IsValid(one));
    if (size > kMaxHkdfBytes) return;
    const base::Secret key =
        HkdfSha256(Key(one["key"].string()), Bytes(one["salt"].string()), Bytes(one["info"].string()), size);
    EXPECT_EQ(key.Reveal(), Bytes(one["output"].string()));
  });
  EXPECT_EQ(cases, 86);
}

// RFC 5869, appendix A.1.
TEST(Hkdf, TheExampleOfTheRfc) {
  const base::Secret key = HkdfSha256(base::Secret(std::string(22, '\x0b')), Bytes("000102030405060708090a0b0c"),
                                      Bytes("f0f1f2f3f4f5f6f7f8f9"), 42);
  EXPECT_EQ(HexEncode(key.Reveal()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

}  // namespace
}  // namespace gatehouse::codec::crypto
