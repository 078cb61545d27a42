#include "record/tlog/note.h"

#include <gtest/gtest.h>

#include <string>

#include "record/tlog/checkpoint.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::record::tlog {
namespace {

// C2SP, signed-note.md.
constexpr const char* kKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr const char* kNote =
    "This is an example message.\n\n"
    "\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
// golang.org/x/mod/sumdb/note.
constexpr const char* kGoKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kGoSecret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

TEST(VerifierKey, OfOtherImplementations) {
  const auto key = VerifierKey::Parse(kKey);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key.value().ToText(), kKey);
  const auto note = ParseNote(kNote);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note.value().text, "This is an example message.\n");
  EXPECT_EQ(FormatNote(note.value()), kNote);
  EXPECT_EQ(VerifySignatures(note.value(), {&key.value(), 1}).value().size(), 1U);
  const auto secret = SignerKey::Parse(base::Secret(kGoSecret));
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret.value().verifier().ToText(), kGoKey);
  EXPECT_EQ(secret.value().ToText().Reveal(), kGoSecret);
}

TEST(VerifierKey, NoPartAndNoOtherByteIsAKey) {
  const std::string key = kGoKey;
  for (std::size_t begin = 0; begin < key.size(); ++begin) {
    for (std::size_t end = begin + 1; end <= key.size(); ++end) {
      const bool whole = begin == 0 && end == key.size();
      EXPECT_EQ(VerifierKey::Parse(key.substr(begin, end - begin)).ok(), whole);
    }
    std::string other = key;
    ++other[begin];
    EXPECT_FALSE(VerifierKey::Parse(other).ok()) << other;
  }
  EXPECT_FALSE(VerifierKey::Parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==").ok());
  EXPECT_FALSE(VerifierKey::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ok());
}

// "ZRpc..." begins with the byte 0x65: no type that is known.
TEST(UnknownKey, IsOfAnAlgorithmThatIsNotKnown) {
  const auto key = UnknownKey::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(key->type, 0x65);
  EXPECT_TRUE(UnknownKey::Parse("log+00000000+/wAB")) << "of another length, with an id of its own";
  for (const char* no : {kGoKey, "PeterNeumann+173116ae", "+173116ae+/wAB", "log+173116a+/wAB", "log+x73116ae+/wAB",
                         "log+173116ae+/w==", "log+173116ae+!", "log+173116ae+"}) {
    EXPECT_FALSE(UnknownKey::Parse(no)) << no;
  }
  EXPECT_FALSE(UnknownKey::Parse("PeterNeumann+c74f20a3+ARpc")) << "a known one that is malformed is no unknown one";
}

TEST(KeyName, HasNoSpacesAndNoPlus) {
  for (const std::string name : {"log.example/1", "gw", "\xC3\xA4"}) EXPECT_TRUE(IsKeyName(name)) << name;
  for (const std::string name : {"", "a b", "a+b", "a\tb", "a\nb", "a\xC2\xA0z", "a\xE3\x80\x80z", "\xFF", "a\x7Fz"}) {
    EXPECT_FALSE(IsKeyName(name)) << name;
  }
}

TEST(Note, RefusesWhatIsMalformed) {
  const std::string note = kNote;
  const std::size_t dash = note.find("\xE2\x80\x94");
  for (const std::string& bad :
       {std::string(), std::string("\n\n"), note.substr(0, note.size() - 1), note.substr(0, dash), note + "x\n",
        note.substr(0, dash) + "- " + note.substr(dash + 4), note.substr(0, dash - 1) + note.substr(dash),
        std::string(note).replace(4, 1, "\t"), std::string(note).replace(4, 1, "\xFF"), note + "\n",
        note.substr(0, note.size() - 3) + "\n"}) {
    EXPECT_FALSE(ParseNote(bad).ok()) << bad;
  }
  EXPECT_TRUE(ParseNote("a\n\nb\n\n" + note.substr(dash)).ok());  // the last empty line counts
}

TEST(Note, AWrongSignatureOfAKnownKeyMakesItWorthless) {
  const SignerKey first = SignerKey::Generate("a", SignatureType::kEd25519);
  const SignerKey second = SignerKey::Generate("b", SignatureType::kEd25519);
  const VerifierKey known[] = {first.verifier(), second.verifier()};
  const std::string text = "text\n";
  const auto verified = [&](const std::string& lines) {
    return VerifySignatures(ParseNote(text + "\n" + lines).value(), known);
  };
  EXPECT_EQ(verified(first.SignNote(text) + second.SignNote(text)).value().size(), 2U);
  EXPECT_EQ(verified(first.SignNote(text) + first.SignNote(text)).value().size(), 1U);
  EXPECT_EQ(verified(first.SignNote(text) + second.SignNote("other\n")).error().code, base::ErrorCode::kDenied);
  const SignerKey stranger = SignerKey::Generate("a", SignatureType::kEd25519);  // the same name, another key
  EXPECT_EQ(verified(stranger.SignNote("other\n") + first.SignNote(text)).value().size(), 1U);
  EXPECT_TRUE(verified(stranger.SignNote(text)).value().empty());
}

TEST(Note, TakesManySignaturesButNotAnyNumber) {
  const SignerKey key = SignerKey::Generate("a", SignatureType::kEd25519);
  std::string note = "text\n\n";
  for (std::size_t i = 0; i < Note::kMaxSignatures; ++i) note += key.SignNote("text\n");
  EXPECT_TRUE(ParseNote(note).ok());
  EXPECT_FALSE(ParseNote(note + key.SignNote("text\n")).ok());
}

TEST(Checkpoint, RefusesOtherTexts) {
  const std::string root = ToBase64(LeafHash("x"));
  EXPECT_TRUE(ParseCheckpointText("a\n1\n" + root + "\n").ok());
  for (const std::string& text :
       {std::string(), "a\n1\n" + root, "a\n1\n" + root + "\nextension\n", "a\n01\n" + root + "\n",
        "a\n-1\n" + root + "\n", "a\n+1\n" + root + "\n", "a\n\n" + root + "\n", "a\n1\n" + root.substr(1) + "\n",
        "\n1\n" + root + "\n", "a\n9223372036854775808\n" + root + "\n", "a\n0\n" + root + "\n",
        "a b\n1\n" + root + "\n"}) {
    EXPECT_FALSE(ParseCheckpointText(text).ok()) << text;
  }
}

TEST(Checkpoint, IsSignedByAKeyOfItsOwnName) {
  const SignerKey own = SignerKey::Generate("log", SignatureType::kEd25519);
  const SignerKey other = SignerKey::Generate("gol", SignatureType::kEd25519);
  const SignerKey witness = SignerKey::Generate("log", SignatureType::kCosignature);
  const VerifierKey known[] = {own.verifier(), other.verifier(), witness.verifier()};
  const std::string text = FormatCheckpoint({.origin = "log", .size = 1, .root = LeafHash("x")});
  EXPECT_TRUE(OpenCheckpoint(text + "\n" + own.SignNote(text), known).ok());
  EXPECT_EQ(OpenCheckpoint(text + "\n" + other.SignNote(text), known).error().code, base::ErrorCode::kDenied);
  EXPECT_EQ(OpenCheckpoint(text + "\n" + witness.Cosign(text, 1), known).error().code, base::ErrorCode::kDenied);
}

TEST(ProofFile, BothWaysAndNothingElse) {
  const SignerKey key = SignerKey::Generate("log", SignatureType::kEd25519);
  const std::string text =
      FormatCheckpoint({.origin = "log", .size = 2, .root = NodeHash(LeafHash("a"), LeafHash("b"))});
  const ProofFile file{
      .extra = "b", .index = 1, .proof = {LeafHash("a")}, .checkpoint = text + "\n" + key.SignNote(text)};
  const std::string bytes = FormatProofFile(file);
  const auto parsed = ParseProofFile(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(FormatProofFile(parsed.value()), bytes);
  EXPECT_TRUE(VerifyProofFile(parsed.value(), "b", {&key.verifier(), 1}).ok());
  EXPECT_FALSE(VerifyProofFile(parsed.value(), "c", {&key.verifier(), 1}).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ParseProofFile(bytes.substr(0, size)).ok()) << size;
  }
}

TEST(WitnessRequest, BothWays) {
  const SignerKey key = SignerKey::Generate("log", SignatureType::kEd25519);
  const std::string text = FormatCheckpoint({.origin = "log", .size = 2, .root = LeafHash("x")});
  const WitnessRequest request{.old_size = 1, .proof = {LeafHash("a")}, .checkpoint = text + "\n" + key.SignNote(text)};
  const std::string bytes = FormatWitnessRequest(request);
  EXPECT_TRUE(bytes.starts_with("old 1\n"));
  EXPECT_EQ(FormatWitnessRequest(ParseWitnessRequest(bytes).value()), bytes);
  std::string long_proof = "old 1\n";
  for (std::size_t i = 0; i <= WitnessRequest::kMaxProof; ++i) long_proof += ToBase64(LeafHash("a")) + "\n";
  EXPECT_FALSE(ParseWitnessRequest(long_proof + "\n" + request.checkpoint).ok());
}

}  // namespace
}  // namespace gatehouse::record::tlog
