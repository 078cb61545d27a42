#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <string>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/random.h"
#include "codec/crypto/sha1.h"
#include "codec/crypto/siphash.h"

namespace gatehouse::codec::crypto {
namespace {

std::string Hex(const Digest& digest) { return HexEncode(AsText(digest)); }

// FIPS 180-4 examples and the empty text.
TEST(Sha1, KnownDigests) {
  const auto hex = [](std::string_view bytes) {
    const auto digest = Sha1(bytes);
    return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesAddUp) {
  const std::string text = "The quick brown fox jumps over the lazy dog, and then over every other one of the pack.";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    Sha256Stream stream;
    stream.Update(std::string_view(text).substr(0, i));
    stream.Update(std::string_view(text).substr(i));
    EXPECT_EQ(stream.Finish(), Sha256(text));
    EXPECT_EQ(Sha256(std::string_view(text).substr(0, i), std::string_view(text).substr(i)), Sha256(text));
  }
}

std::string RandomText(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

Digest ByOpenSsl(std::string_view text) {
  Sha256Stream stream;
  stream.Update(text);
  return stream.Finish();
}

TextParts SplitAt(std::string_view text, std::size_t at) {
  return {.head = text.substr(0, at), .rest = text.substr(at)};
}

TEST(Sha256, EveryLengthAndSplitIsWhatOpenSslSays) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string text = RandomText(random, size);
    const Digest expected = ByOpenSsl(text);
    ASSERT_EQ(Sha256(text), expected) << size;
    for (std::size_t at = 0; at <= size; ++at) {
      const TextParts parts = SplitAt(text, at);
      ASSERT_EQ(Sha256(parts.head, parts.rest), expected) << size << " split at " << at;
    }
  }
}

TEST(Sha256, TwoAtATimeAreWhatEachIsAlone) {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    const std::string a = RandomText(random, random() % 700);
    const std::string b = RandomText(random, round % 2 == 0 ? a.size() : random() % 700);
    const TextParts parts_of_a = SplitAt(a, random() % (a.size() + 1));
    const TextParts parts_of_b = SplitAt(b, random() % (b.size() + 1));
    const std::array<Digest, 2> both = Sha256OfTwo(parts_of_a, parts_of_b);
    ASSERT_EQ(both[0], ByOpenSsl(a)) << a.size() << " split at " << parts_of_a.head.size();
    ASSERT_EQ(both[1], ByOpenSsl(b)) << b.size() << " split at " << parts_of_b.head.size();
  }
}

// Key and texts are the bytes 0, 1, 2 ...; the tags as the `openssl mac` command prints them.
TEST(SipHash128, KnownTags) {
  constexpr SipKey kKey = {0x0706'0504'0302'0100ULL, 0x0F0E'0D0C'0B0A'0908ULL};
  const auto tag = [&](std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i));
    const SipTag tag = SipHash128(kKey, bytes);
    std::string out(sizeof(tag), '\0');
    std::memcpy(out.data(), &tag.low, sizeof(tag.low));
    std::memcpy(out.data() + sizeof(tag.low), &tag.high, sizeof(tag.high));
    return HexEncode(out);
  };
  EXPECT_EQ(tag(0), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(tag(1), "da87c1d86b99af44347659119b22fc45");
  EXPECT_EQ(tag(8), "3b62a9ba6258f5610f83e264f31497b4");
  EXPECT_EQ(tag(15), "5493e99933b0a8117e08ec0f97cfc3d9");
  EXPECT_EQ(tag(63), "5150d1772f50834a503e069a973fbd7c");
}

// RFC 4231, cases 1, 2, 3, 6 and 7.
TEST(HmacSha256, KnownDigests) {
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'),
                           "This is a test using a larger than block-size key and a larger than block-size data. The "
                           "key needs to be hashed before being used by the HMAC algorithm.")),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  EXPECT_EQ(Hex(HmacSha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTimeEquals, ComparesWhole) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("secret", "secret"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secre"));
  EXPECT_FALSE(ConstantTimeEquals("", "x"));
}

TEST(RandomBytes, AreNotRepeated) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(RandomBytes(16)).second);
  EXPECT_EQ(RandomBytes(0), "");
  EXPECT_EQ(RandomBytes(33).size(), 33U);
}

TEST(Hex, BothWays) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\x7f\xff", 3)), "007fff");
  EXPECT_EQ(HexDecode("007FfF"), std::string("\x00\x7f\xff", 3));
  EXPECT_EQ(HexDecode("0"), std::nullopt);
  EXPECT_EQ(HexDecode("0g"), std::nullopt);
  EXPECT_EQ(HexDecode(""), "");
}

// RFC 4648, section 10.
TEST(Base64, KnownTexts) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
    const std::string bare = text.substr(0, text.find('='));
    EXPECT_EQ(Base64Encode(bytes, Base64::kUrl), bare);
    EXPECT_EQ(Base64Decode(bare, Base64::kUrl), bytes);
  }
  EXPECT_EQ(Base64Encode("\xfb\xff", Base64::kUrl), "-_8");
  EXPECT_EQ(Base64Encode("\xfb\xff"), "+/8=");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string text : {"Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "=",
                                 "====", "Zg==Zg==", "Z===", "Zm9-", "Zm9_", "\x80m9v", "Zm9v=", "=m9v", "Zm=v"}) {
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
  }
  for (const std::string text : {"Zg==", "Z", "Zh", "Zm9+", "Zm9/", "Zm9vY", "Zm8 "}) {
    EXPECT_EQ(Base64Decode(text, Base64::kUrl), std::nullopt) << text;
  }
}

TEST(Base64, EveryTextHasOneDecoding) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::size_t n = random() % 40; n > 0; --n) bytes += static_cast<char>(random());
    for (const auto form : {Base64::kStandard, Base64::kUrl}) {
      const std::string text = Base64Encode(bytes, form);
      ASSERT_EQ(Base64Decode(text, form), bytes);
      if (text.empty()) continue;
      std::string other = text;
      other[random() % other.size()] = static_cast<char>(random());
      const auto decoded = Base64Decode(other, form);
      if (decoded) ASSERT_EQ(Base64Encode(*decoded, form), other);
    }
  }
}

}  // namespace
}  // namespace gatehouse::codec::crypto
