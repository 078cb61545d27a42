#include "record/tlog/tile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::record::tlog {
namespace {

TEST(TilePath, BothWays) {
  EXPECT_EQ(TilePath({.level = 0, .index = 0}), "tile/0/000");
  EXPECT_EQ(TilePath({.level = 0, .index = 1'234'067}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({.level = 3, .index = 999, .width = 255}), "tile/3/999.p/255");
  EXPECT_EQ(TilePath({.level = 1, .index = 1000, .width = 1}), "tile/1/x001/000.p/1");
  EXPECT_EQ(BundlePath(3'057'500, 256), "tile/entries/x003/x057/500");
  for (const std::uint64_t index : {0ULL, 1ULL, 999ULL, 1000ULL, 1'000'000ULL, 123'456'789'012ULL}) {
    for (const std::uint32_t width : {1U, 255U, 256U}) {
      const auto tile = ParseTilePath(TilePath({.level = 2, .index = index, .width = width}));
      ASSERT_TRUE(tile.ok());
      EXPECT_EQ(tile.value().tile, (TileId{.level = 2, .index = index, .width = width}));
      const auto bundle = ParseTilePath(BundlePath(index, width));
      ASSERT_TRUE(bundle.ok());
      EXPECT_EQ(bundle.value().kind, ParsedPath::Kind::kEntries);
    }
  }
}

TEST(TilePath, RefusesWhatIsNotTheOnlyForm) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/0/0",
                           "tile/0/0000",
                           "tile/0/x000/001",
                           "tile/0/001/001",
                           "tile/0/x001/x234/x067",
                           "tile/0/001.p/0",
                           "tile/0/001.p/256",
                           "tile/0/001.p/01",
                           "tile/0/001.p/",
                           "tile/0/001.p/5/",
                           "tile/0/001.q/5",
                           "tile/0/00a",
                           "tile/data/000",
                           "tile/0/000 ",
                           "/tile/0/000",
                           "tile/0/x001/../001",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(ParseTilePath(path).ok()) << path;
  }
}

TEST(Tiles, OfATreeOfSeventyThousand) {
  const auto partial = PartialTiles(70'000);
  const std::vector<TileId> expected = {{.level = 0, .index = 273, .width = 112},
                                        {.level = 1, .index = 1, .width = 17},
                                        {.level = 2, .index = 0, .width = 1}};
  EXPECT_EQ(partial, expected);
  EXPECT_EQ(PartialTiles(256), (std::vector<TileId>{{.level = 1, .index = 0, .width = 1}}));
  EXPECT_TRUE(PartialTiles(0).empty());
  EXPECT_EQ(TileIn(70'000, 0, 272)->width, 256U);
  EXPECT_EQ(TileIn(70'000, 0, 274), std::nullopt);
}

TEST(Bundle, BothWays) {
  std::string bundle;
  const std::string longest(kMaxEntryBytes, 'x');
  for (const std::string& entry : {std::string("a"), longest, std::string(300, 'b')}) AppendEntry(bundle, entry);
  const auto entries = ParseBundle(bundle, 3);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(entries.value()[0], "a");
  EXPECT_EQ(entries.value()[1], longest);
  EXPECT_FALSE(ParseBundle(bundle, 2).ok());
  EXPECT_FALSE(ParseBundle(bundle, 4).ok());
  for (std::size_t size = bundle.size() - 310; size < bundle.size(); ++size) {
    EXPECT_FALSE(ParseBundle(std::string_view(bundle).substr(0, size), 3).ok());
  }
  EXPECT_FALSE(ParseBundle(std::string_view("\0\0", 2), 1).ok());
}

TEST(TreeEdge, GoesOnFromItsTiles) {
  TreeEdge whole;
  const auto nothing = [](const TileId&, std::span<const Hash>) {};
  for (int i = 0; i < 700; ++i) whole.Append(LeafHash(std::to_string(i)), nothing);
  std::vector<std::vector<Hash>> partials;
  for (const TileId& tile : PartialTiles(700)) {
    const auto hashes = whole.Partial(tile.level);
    partials.emplace_back(hashes.begin(), hashes.end());
  }
  auto edge = TreeEdge::From(700, partials);
  ASSERT_TRUE(edge.ok());
  EXPECT_EQ(edge.value().Root(), whole.Root());
  for (int i = 700; i < 800; ++i) {
    whole.Append(LeafHash(std::to_string(i)), nothing);
    edge.value().Append(LeafHash(std::to_string(i)), nothing);
  }
  EXPECT_EQ(edge.value().Root(), whole.Root());
  partials[0].pop_back();
  EXPECT_FALSE(TreeEdge::From(700, partials).ok());
}

}  // namespace
}  // namespace gatehouse::record::tlog
