#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/tlog/hash.h"

// Tiles and entry bundles (C2SP tlog-tiles v0.1.0).
namespace gatehouse::record::tlog {

inline constexpr std::uint32_t kTileWidth = 256;
inline constexpr std::uint32_t kTileHeight = 8;
// 256^8 is more than any log has.
inline constexpr std::uint32_t kMaxLevel = 7;
inline constexpr std::size_t kMaxEntryBytes = 65'535;

// A tile: hash i is the root over 256^level leaves from (index * 256 + i) * 256^level on.
struct TileId {
  std::uint32_t level = 0;
  std::uint64_t index = 0;
  std::uint32_t width = kTileWidth;  // 1 to 256 hashes
  bool full() const { return width == kTileWidth; }
  friend bool operator==(const TileId&, const TileId&) = default;
};

// tile/<L>/<N>[.p/<W>], relative to the log.
std::string TilePath(const TileId& tile);
// tile/entries/<N>[.p/<W>]
std::string BundlePath(std::uint64_t index, std::uint32_t width);
// What TilePath() gave, and nothing else; a bundle is told as the tile of level 0 beside it.
struct ParsedPath {
  TileId tile;
  enum class Kind : std::uint8_t { kHashes, kEntries } kind = Kind::kHashes;
};
base::Result<ParsedPath> ParseTilePath(std::string_view path);

// How many hashes of the level are complete in a tree of that size.
std::uint64_t HashesAt(std::uint32_t level, std::uint64_t size);
// The tile as a tree of that size has it; nullopt where it is empty.
std::optional<TileId> TileIn(std::uint64_t size, std::uint32_t level, std::uint64_t index);
// The tiles at the right edge that are not full, lowest level first.
std::vector<TileId> PartialTiles(std::uint64_t size);

// 32 bytes a hash.
std::string ToBytes(std::span<const Hash> hashes);
base::Result<std::vector<Hash>> ParseHashes(std::string_view bytes, std::uint32_t width);

// An entry bundle: each entry with its length before it, two bytes, big-endian.
// REQUIRES: 1 to kMaxEntryBytes.
void AppendEntry(std::string& bundle, std::string_view entry);
// Views into the bundle, which must be of exactly `count` entries.
base::Result<std::vector<std::string_view>> ParseBundle(std::string_view bundle, std::uint32_t count);
// The first entry; cuts it off the front. kInvalidRequest where the bytes end within it.
base::Result<std::string_view> TakeEntry(std::string_view& bundle);

// The right edge of a growing tree: what of each level is not yet a full tile. A value; one thread.
class TreeEdge {
 public:
  // A tile became full: its level, its index, its hashes.
  using OnTile = std::function<void(const TileId&, std::span<const Hash>)>;

  TreeEdge() = default;
  // The edge of a tree of `size` leaves. `partials`: the hashes of PartialTiles(size), in that order.
  static base::Result<TreeEdge> From(std::uint64_t size, std::vector<std::vector<Hash>> partials);

  void Append(const Hash& leaf, const OnTile& on_tile);
  std::uint64_t size() const { return size_; }
  Hash Root() const;
  // Of a level's tile at the edge; empty where that would be.
  std::span<const Hash> Partial(std::uint32_t level) const;

 private:
  std::uint64_t size_ = 0;
  std::vector<std::vector<Hash>> levels_;
};

}  // namespace gatehouse::record::tlog
