#include "codec/crypto/signing_key.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/crypto/encoding.h"
#include "codec/crypto/signature.h"

namespace gatehouse::codec::crypto {
namespace {

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, 7.1: tests 1, 2 and 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"}};

TEST(SigningKey, KnownSignatures) {
  for (const Vector& vector : kVectors) {
    const base::Secret seed(*HexDecode(vector.seed));
    const auto key = SigningKey::FromSeed(seed);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(HexEncode(key.value().public_bytes()), vector.public_key);
    EXPECT_EQ(HexEncode(key.value().Sign(*HexDecode(vector.message))), vector.signature);
    EXPECT_EQ(key.value().Seed().Reveal(), seed.Reveal());
  }
}

TEST(SigningKey, WhatItSignsIsVerifiedByItsPublicHalfOnly) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("message");
  const auto verifies = [&](const SigningKey& with, std::string_view message) {
    return PublicKey::Ed25519(with.public_bytes())
        .value()
        .Verifies(SignatureScheme::kEd25519, Hash::kSha512, message, signature);
  };
  EXPECT_TRUE(verifies(key, "message"));
  EXPECT_FALSE(verifies(key, "messagE"));
  EXPECT_FALSE(verifies(SigningKey::Generate(), "message"));
}

TEST(SigningKey, RefusesASeedOfAnotherLength) {
  EXPECT_FALSE(SigningKey::FromSeed(base::Secret(std::string(31, 'x'))).ok());
  EXPECT_FALSE(SigningKey::FromSeed(base::Secret(std::string(33, 'x'))).ok());
}

}  // namespace
}  // namespace gatehouse::codec::crypto
