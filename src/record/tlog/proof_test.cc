#include "record/tlog/proof.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "record/log/files.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::tlog {
namespace {

class Leaves final : public NodeSource {
 public:
  explicit Leaves(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) hashes_.push_back(LeafHash(std::to_string(i)));
  }
  explicit Leaves(std::vector<Hash> hashes) : hashes_(std::move(hashes)) {}
  base::Result<Hash> Node(std::uint32_t height, std::uint64_t index) override {
    return RootOf(std::span(hashes_).subspan(index << height, std::uint64_t{1} << height));
  }
  Hash Root(std::uint64_t size) { return RootAt(*this, size).value(); }
  const Hash& leaf(std::uint64_t index) const { return hashes_[index]; }

 private:
  std::vector<Hash> hashes_;
};

std::string Hex(const Hash& hash) { return codec::crypto::HexEncode(codec::crypto::AsText(hash)); }

// RFC 6962, 2.1, as plainly as it stands there.
Hash PlainRoot(std::span<const Hash> leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return leaves[0];
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return NodeHash(PlainRoot(leaves.first(split)), PlainRoot(leaves.subspan(split)));
}

TEST(Merkle, KnownHashes) {
  EXPECT_EQ(Hex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(LeafHash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(Hex(LeafHash("L123456")), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

TEST(Merkle, TheTreeOfEightLeaves) {
  const char* const leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"6e340b9cffb37a98", "fac54203e7cc696c", "aeb6bcfe274b70a1", "d37ee418976dd957",
                               "4e3bbb1f7b478dcf", "76e67dadbcdf1e10", "ddb89be403809e32", "5dc9da79a70659a9"};
  std::vector<Hash> hashes;
  TreeEdge edge;
  for (std::size_t i = 0; i < 8; ++i) {
    hashes.push_back(LeafHash(*codec::crypto::HexDecode(leaves[i])));
    edge.Append(hashes.back(), {});
    EXPECT_EQ(Hex(edge.Root()).substr(0, 16), roots[i]);
    EXPECT_EQ(Hex(RootOf(hashes)).substr(0, 16), roots[i]);
    EXPECT_EQ(Hex(Leaves(hashes).Root(i + 1)).substr(0, 16), roots[i]);
  }
}

TEST(Merkle, TheEdgeHasTheRootOfTheWholeTree) {
  TreeEdge edge;
  std::vector<Hash> hashes;
  for (std::uint64_t i = 0; i < 1030; ++i) {
    EXPECT_EQ(edge.Root(), PlainRoot(hashes));
    hashes.push_back(LeafHash(std::to_string(i)));
    edge.Append(hashes.back(), [](const TileId&, std::span<const Hash>) {});
  }
}

TEST(Proof, EveryEntryOfEveryTreeIsProven) {
  Leaves leaves(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const Hash root = leaves.Root(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      Proof proof = ProveInclusion(leaves, index, size).value();
      ASSERT_TRUE(VerifyInclusion(index, size, leaves.leaf(index), proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index, size, leaves.leaf((index + 1) % 70), proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index ^ 1U, size, leaves.leaf(index), proof, root).ok() && size > 1);
      proof.push_back(root);
      EXPECT_FALSE(VerifyInclusion(index, size, leaves.leaf(index), proof, root).ok());
    }
    EXPECT_FALSE(ProveInclusion(leaves, size, size).ok());
  }
}

TEST(Proof, EveryTreeContinuesEverySmallerOne) {
  Leaves leaves(70);
  for (std::uint64_t newer = 1; newer <= 70; ++newer) {
    for (std::uint64_t older = 1; older <= newer; ++older) {
      const TreeHead from{.size = older, .root = leaves.Root(older)};
      const TreeHead to{.size = newer, .root = leaves.Root(newer)};
      Proof proof = ProveConsistency(leaves, older, newer).value();
      ASSERT_TRUE(VerifyConsistency(from, to, proof).ok()) << older << " " << newer;
      EXPECT_FALSE(VerifyConsistency({.size = older, .root = EmptyRoot()}, to, proof).ok());
      EXPECT_FALSE(VerifyConsistency(from, {.size = newer, .root = EmptyRoot()}, proof).ok());
      if (proof.empty()) continue;
      proof[proof.size() / 2][0] ^= 1;
      EXPECT_FALSE(VerifyConsistency(from, to, proof).ok());
      proof.pop_back();
      EXPECT_FALSE(VerifyConsistency(from, to, proof).ok());
    }
  }
  EXPECT_FALSE(ProveConsistency(leaves, 0, 7).ok());
  EXPECT_FALSE(ProveConsistency(leaves, 8, 7).ok());
}

// Public cases: tests/record/fixtures.
class Cases : public ::testing::Test {
 protected:
  Cases() {
    text_ = log::PosixFiles().Read(std::string(GH_SOURCE_DIR) + "/tests/record/fixtures/merkle.json").value();
    EXPECT_TRUE(document_.Parse(text_).ok());
  }
  static std::uint64_t Number(codec::json::Value value) {
    // Some are 2^64 - 1.
    return value.raw().starts_with("184467") ? UINT64_MAX : static_cast<std::uint64_t>(value.AsInteger().value_or(0));
  }
  static std::optional<Proof> ReadProof(codec::json::Value value) {
    Proof proof;
    if (value.IsNullish()) return proof;
    for (const auto element : value) {
      const auto hash = ParseBase64Hash(element.value.string());
      if (!hash.ok()) return {};
      proof.push_back(hash.value());
    }
    return proof;
  }

  std::string text_;
  codec::json::Document document_;
};

TEST_F(Cases, Inclusion) {
  int cases = 0;
  for (const auto element : document_.root()["inclusion"]) {
    const auto& one = element.value;
    const auto proof = ReadProof(one["proof"]);
    const auto root = ParseBase64Hash(one["root"].string());
    const auto leaf = ParseBase64Hash(one["leafHash"].string());
    const bool holds =
        proof && root.ok() && leaf.ok() &&
        VerifyInclusion(Number(one["leafIdx"]), Number(one["treeSize"]), leaf.value(), *proof, root.value()).ok();
    EXPECT_EQ(holds, !one["wantErr"].AsBool().value()) << one["name"].string();
    ++cases;
  }
  EXPECT_EQ(cases, 98);
}

TEST_F(Cases, Consistency) {
  int cases = 0;
  for (const auto element : document_.root()["consistency"]) {
    const auto& one = element.value;
    const auto proof = ReadProof(one["proof"]);
    const auto older = ParseBase64Hash(one["root1"].string());
    const auto newer = ParseBase64Hash(one["root2"].string());
    const bool holds =
        proof && older.ok() && newer.ok() &&
        VerifyConsistency({Number(one["size1"]), older.value()}, {Number(one["size2"]), newer.value()}, *proof).ok();
    ++cases;
    // Two words in the place of hashes are no roots here.
    if (one["name"].string() == "additional/sizes-are-equal-one-and-proof-is-empty") continue;
    EXPECT_EQ(holds, !one["wantErr"].AsBool().value()) << one["name"].string();
  }
  EXPECT_EQ(cases, 98);
}

}  // namespace
}  // namespace gatehouse::record::tlog
