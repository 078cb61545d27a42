#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "codec/crypto/encoding.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof.h"
#include "record/tlog/proof_file.h"
#include "record/tlog/tile.h"

// A log made of numbers: the seed is the bytes 0 to 31, entry i is {"seq":i}. Every byte of it follows from the
// formats.
namespace gatehouse::record::tlog {
namespace {

constexpr const char* kName = "gw.example/audit/1";
constexpr const char* kKey = "gw.example/audit/1+c97b26c7+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
constexpr const char* kSize3 =
    "gw.example/audit/1\n3\nPbZ2Ze6owm3jQWaMHTGZ9h3kt4CoKFaaiYzkjCjZMfM=\n\n"
    "\xE2\x80\x94 gw.example/audit/1 "
    "yXsmxyJlmGDn81GnGXhg6w7ZyaDUiW3ayzMXYa7tWJ7L/+JQ8MQ1wJga/P/1t9AUphENswLduohYGjf6yjV16AqXLAg=\n";
constexpr const char* kSize300 =
    "gw.example/audit/1\n300\n15eSMC/lwjZ4KVhvRRw/knYQ5R2oXVBQoubvHYTzzq8=\n\n"
    "\xE2\x80\x94 gw.example/audit/1 "
    "yXsmx7pPzHXLU6BeDAtqAYMBXcAms/ELvW4scx0wjgNWE7KUclGbhpSEeQDC6Hol896E6qJoFQnSFOgRsX2vvQGUhwQ=\n";

std::string Seed() {
  std::string seed;
  for (int i = 0; i < 32; ++i) seed.push_back(static_cast<char>(i));
  return seed;
}

SignerKey Key() { return SignerKey::FromSeed(kName, SignatureType::kEd25519, base::Secret(Seed())).value(); }

std::string Entry(int i) { return "{\"seq\":" + std::to_string(i) + "}"; }

// The files of the log with that many entries.
struct Made {
  TreeEdge edge;
  std::map<std::string, std::string> files;
};

Made Make(int size) {
  Made made;
  std::string bundle;
  for (int i = 0; i < size; ++i) {
    AppendEntry(bundle, Entry(i));
    made.edge.Append(LeafHash(Entry(i)), [&](const TileId& tile, std::span<const Hash> hashes) {
      made.files[TilePath(tile)] = ToBytes(hashes);
      if (tile.level == 0) made.files[BundlePath(tile.index, kTileWidth)] = std::exchange(bundle, {});
    });
  }
  const auto count = static_cast<std::uint64_t>(size);
  for (const TileId& tile : PartialTiles(count)) made.files[TilePath(tile)] = ToBytes(made.edge.Partial(tile.level));
  if (!bundle.empty())
    made.files[BundlePath(count / kTileWidth, static_cast<std::uint32_t>(count % kTileWidth))] = bundle;
  return made;
}

std::string Sign(const TreeEdge& edge) {
  const std::string text = FormatCheckpoint({.origin = kName, .size = edge.size(), .root = edge.Root()});
  return text + "\n" + Key().SignNote(text);
}

TEST(Golden, Key) {
  EXPECT_EQ(Key().verifier().ToText(), kKey);
  EXPECT_EQ(codec::crypto::HexEncode(codec::crypto::AsText(LeafHash(Entry(0)))),
            "a402b0e36f5aae85457360fcf00a2545b87dd47f310553e7b0d32d6d0ac4400d");
}

TEST(Golden, Checkpoints) {
  EXPECT_EQ(Sign(Make(3).edge), kSize3);
  EXPECT_EQ(Sign(Make(300).edge), kSize300);
  const VerifierKey key = VerifierKey::Parse(kKey).value();
  EXPECT_EQ(OpenCheckpoint(kSize300, {&key, 1}).value().checkpoint.size, 300U);
}

TEST(Golden, Files) {
  const Made made = Make(300);
  const std::map<std::string, std::size_t> sizes = {{"tile/0/000", 8192},
                                                    {"tile/0/001.p/44", 1408},
                                                    {"tile/1/000.p/1", 32},
                                                    {"tile/entries/000", 3218},
                                                    {"tile/entries/001.p/44", 572}};
  std::map<std::string, std::size_t> found;
  for (const auto& [path, bytes] : made.files) found[path] = bytes.size();
  EXPECT_EQ(found, sizes);
  EXPECT_EQ(codec::crypto::HexEncode(made.files.at("tile/entries/000").substr(0, 22)),
            "00097b22736571223a307d00097b22736571223a317d");
}

// Leaves that lie side by side.
class Leaves final : public NodeSource {
 public:
  explicit Leaves(int size) {
    for (int i = 0; i < size; ++i) hashes_.push_back(LeafHash(Entry(i)));
  }
  base::Result<Hash> Node(std::uint32_t height, std::uint64_t index) override {
    return RootOf(std::span(hashes_).subspan(index << height, std::uint64_t{1} << height));
  }

 private:
  std::vector<Hash> hashes_;
};

TEST(Golden, ProofOfInclusion) {
  Leaves leaves(3);
  const Proof proof = ProveInclusion(leaves, 1, 3).value();
  ASSERT_EQ(proof.size(), 2U);
  EXPECT_EQ(ToBase64(proof[0]), "pAKw429aroVFc2D88AolRbh91H8xBVPnsNMtbQrEQA0=");
  EXPECT_EQ(ToBase64(proof[1]), "0+CmKo96klbIvrcVr97YPkMm0sRzedJZsXCahArS8R0=");
  const ProofFile file{.extra = Entry(1), .index = 1, .proof = proof, .checkpoint = kSize3};
  const VerifierKey key = VerifierKey::Parse(kKey).value();
  EXPECT_TRUE(VerifyProofFile(file, Entry(1), {&key, 1}).ok());
  EXPECT_FALSE(VerifyProofFile(file, Entry(2), {&key, 1}).ok());
}

TEST(Golden, Cosignature) {
  const SignerKey witness =
      SignerKey::FromSeed("witness.example/w1", SignatureType::kCosignature, base::Secret(std::string(32, '\x07')))
          .value();
  EXPECT_EQ(witness.verifier().ToText(), "witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs");
  const Note note = ParseNote(kSize3).value();
  const std::string line = witness.Cosign(note.text, 1'700'000'000);
  EXPECT_EQ(
      line,
      "\xE2\x80\x94 witness.example/w1 "
      "qkoJ0QAAAABlU/EAsK1LrES6LAUZhT8WpLfUi8Hs8BXmt+E3Kp/0hv46GrPVBMk20F2K7KbPHsSQSRiQwzga7JkpTUYYy8lzk02tBg==\n");
  const VerifierKey keys[] = {witness.verifier(), VerifierKey::Parse(kKey).value()};
  const Note both = ParseNote(kSize3 + line).value();
  const auto verified = VerifySignatures(both, keys);
  ASSERT_TRUE(verified.ok());
  ASSERT_EQ(verified.value().size(), 2U);
  EXPECT_EQ(verified.value()[1].unix_seconds, 1'700'000'000U);
}

// A line of a type that is not known (as of ML-DSA-44: 0x06, 2420 bytes) stays as it is, and proves and disproves
// nothing.
TEST(Golden, LineOfAnUnknownAlgorithm) {
  const std::string bytes = "\xDE\xAD\xBE\xEF" + std::string(2420, '\x2A');
  const std::string line = "\xE2\x80\x94 gw.example/audit/1 " + codec::crypto::Base64Encode(bytes) + "\n";
  EXPECT_EQ(line.substr(0, 42), "\xE2\x80\x94 gw.example/audit/1 3q2+7yoqKioqKioqKio");
  const VerifierKey key = VerifierKey::Parse(kKey).value();
  for (const std::string& note :
       {kSize3 + line, std::string(kSize3).insert(std::string(kSize3).find("\n\n") + 2, line)}) {
    const auto opened = OpenCheckpoint(note, {&key, 1});
    ASSERT_TRUE(opened.ok()) << opened.error().public_message;
    EXPECT_EQ(opened.value().note.signatures.size(), 2U);
    EXPECT_EQ(FormatNote(opened.value().note), note);
    EXPECT_EQ(VerifySignatures(opened.value().note, {&key, 1}).value().size(), 1U);
  }
  const std::string alone = std::string(kSize3).substr(0, std::string(kSize3).find("\n\n") + 2) + line;
  EXPECT_EQ(OpenCheckpoint(alone, {&key, 1}).error().code, base::ErrorCode::kDenied) << "it is not the log's signature";
}

}  // namespace
}  // namespace gatehouse::record::tlog
