#include "record/vault/blob.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "codec/crypto/encoding.h"

namespace gatehouse::record::vault {
namespace {

using codec::crypto::AsText;
using codec::crypto::Base64Encode;

std::string Counting(char from, std::size_t count) {
  std::string bytes(count, '\0');
  std::iota(bytes.begin(), bytes.end(), from);
  return bytes;
}

SubjectKey Key() { return {.id = *KeyId::Of(Counting(0x10, 16)), .secret = base::Secret(Counting(0, 32))}; }
RecordId Record() { return *RecordId::Of(Counting(0x20, 16)); }

BlobSalts Salts() {
  BlobSalts salts{};
  std::iota(salts.nonce.begin(), salts.nonce.end(), 0x30);
  salts.commitment.fill(static_cast<char>(0xa5));
  return salts;
}

// The golden vector of the format, made by another program (Python's `cryptography`).
TEST(Blob, IsTheGoldenOne) {
  const std::string payload = "My IBAN is GB82WEST12345698765432";
  const SealedBlob blob = SealBlob(Key(), Record(), "prompt", payload, Salts());
  EXPECT_EQ(blob.bytes.size(), 328U);
  EXPECT_EQ(Base64Encode(AsText(blob.commitments.blob)), "DWeP0k5jS36xVf2+C9UEFG7cyO/A2M3BBmbD3xEf824=");
  EXPECT_EQ(Base64Encode(AsText(blob.commitments.payload)), "F90nAUOEWRX1WSaEsvO/IaDIlfJH12r4QRsgfRWhOxg=");
  const auto opened = OpenBlob(Key(), "prompt", blob.bytes);
  ASSERT_TRUE(opened.ok()) << opened.error().public_message;
  EXPECT_EQ(opened.value().payload, payload);
  EXPECT_EQ(opened.value().commitments, blob.commitments);
}

TEST(Blob, PayloadsOfAllLengthsComeBack) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 1200; size += 1 + size / 40) {
    std::string noise(size, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    for (const std::string& payload : {noise, std::string(size, 'a')}) {
      const SealedBlob blob = SealBlob(Key(), Record(), "prompt", payload);
      const auto opened = OpenBlob(Key(), "prompt", blob.bytes);
      ASSERT_TRUE(opened.ok()) << size;
      EXPECT_EQ(opened.value().payload, payload);
      EXPECT_EQ(opened.value().commitments, blob.commitments);
    }
  }
}

TEST(Blob, WhatRepeatsIsCompressedAndItsCommitmentIsOfTheWhole) {
  const std::string payload(100'000, 'x');
  const SealedBlob small = SealBlob(Key(), Record(), "prompt", payload, Salts());
  EXPECT_LT(small.bytes.size(), 2000U);
  const std::string message = std::string("aigw/commit/v1") + '\0' + "prompt" + '\0' + payload;
  EXPECT_EQ(small.commitments.payload, codec::crypto::HmacSha256(std::string(32, '\xa5'), message));
}

TEST(Blob, TwoOfOnePayloadHaveNothingInCommon) {
  const SealedBlob a = SealBlob(Key(), Record(), "prompt", "yes");
  const SealedBlob b = SealBlob(Key(), Record(), "prompt", "yes");
  EXPECT_NE(a.commitments.payload, b.commitments.payload);
  EXPECT_NE(a.commitments.blob, b.commitments.blob);
}

TEST(Blob, EveryChangedByteIsSeen) {
  const SealedBlob blob = SealBlob(Key(), Record(), "prompt", "yes", Salts());
  for (std::size_t i = 0; i < blob.bytes.size(); ++i) {
    std::string changed = blob.bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenBlob(Key(), "prompt", changed).ok()) << i;
  }
  for (std::size_t size = 0; size < blob.bytes.size(); ++size) {
    EXPECT_FALSE(OpenBlob(Key(), "prompt", std::string_view(blob.bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(OpenBlob(Key(), "prompt", blob.bytes + '\0').ok());
  EXPECT_FALSE(OpenBlob(Key(), "answer", blob.bytes).ok());
}

TEST(Blob, OfAnotherKeyIsSaidToBe) {
  const SealedBlob blob = SealBlob(Key(), Record(), "prompt", "yes");
  SubjectKey other = Key();
  other.id.bytes[0] = 'x';
  const auto opened = OpenBlob(other, "prompt", blob.bytes);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, base::ErrorCode::kConflict);
  SubjectKey same_name = {.id = Key().id, .secret = base::Secret(std::string(32, 'z'))};
  EXPECT_FALSE(OpenBlob(same_name, "prompt", blob.bytes).ok());
}

TEST(Field, IsANameOfSmallLetters) {
  for (const auto* good : {"prompt", "tool-result_3", "a"}) EXPECT_TRUE(IsField(good)) << good;
  for (const auto* bad : {"", "Prompt", "a/b", "..", "a.b", "a b"}) EXPECT_FALSE(IsField(bad)) << bad;
  EXPECT_FALSE(IsField(std::string(65, 'a')));
}

TEST(RecordId, SortsByTime) {
  base::FakeClock clock;
  const RecordId first = NewRecordId(clock.Wall());
  clock.Advance(std::chrono::milliseconds(1));
  const RecordId second = NewRecordId(clock.Wall());
  EXPECT_LT(first.Hex(), second.Hex());
  EXPECT_EQ(TimeOf(second), TimeOf(first) + 1);
  EXPECT_EQ(RecordId::FromHex(first.Hex()), first);
  EXPECT_EQ(RecordId::FromHex("ABCDEF00112233445566778899aabbcc"), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::record::vault
