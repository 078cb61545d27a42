#include "record/log/tile_files.h"

#include <algorithm>
#include <optional>
#include <span>

#include "record/errors.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using tlog::Hash;
using tlog::kTileHeight;
using tlog::kTileWidth;
using tlog::TileId;

constexpr std::size_t kCachedTiles = 64;

std::string BundlePathOf(const TileId& tile) { return tlog::BundlePath(tile.index, tile.width); }

}  // namespace

// A tile that was partial may have become full since, and its partial forms may be gone.
Result<TileFiles::Wide> TileFiles::ReadWide(const TileId& tile, PathOf path_of) {
  for (const std::uint32_t width : {tile.width, kTileWidth}) {
    auto bytes = files_.Read(folder_ + "/" + path_of({.level = tile.level, .index = tile.index, .width = width}));
    if (bytes.ok()) return Wide{.bytes = std::move(bytes).value(), .width = width};
    if (bytes.error().code != base::ErrorCode::kNotFound) return std::move(bytes).TakeError();
  }
  return NotFound(path_of(tile) + " is missing");
}

Result<std::vector<Hash>> TileFiles::Hashes(std::uint32_t level, std::uint64_t index) {
  const std::pair key(level, index);
  if (const auto cached = cache_.find(key); cached != cache_.end()) return cached->second;
  const auto tile = tlog::TileIn(size_, level, index);
  if (!tile) return NotFound("the tree has no tile " + std::to_string(index) + " at level " + std::to_string(level));
  GH_TRY(const Wide wide, ReadWide(*tile, tlog::TilePath));
  GH_TRY(std::vector<Hash> hashes, tlog::ParseHashes(wide.bytes, wide.width));
  hashes.resize(tile->width);
  if (cache_.size() == kCachedTiles) cache_.erase(cache_.begin());
  cache_[key] = hashes;
  return hashes;
}

Result<std::string> TileFiles::Bundle(std::uint64_t index) {
  const auto tile = tlog::TileIn(size_, 0, index);
  if (!tile) return NotFound("the log has no bundle " + std::to_string(index));
  GH_TRY(Wide wide, ReadWide(*tile, BundlePathOf));
  if (wide.width == tile->width) return std::move(wide.bytes);
  std::string_view rest = wide.bytes;
  for (std::uint32_t i = 0; i < tile->width; ++i) GH_CHECK_OK(tlog::TakeEntry(rest));
  wide.bytes.resize(wide.bytes.size() - rest.size());
  return std::move(wide.bytes);
}

Result<Hash> TileFiles::Node(std::uint32_t height, std::uint64_t index) {
  const std::uint32_t level = height / kTileHeight;
  const std::uint32_t within = height % kTileHeight;
  const std::uint64_t first = index << within;
  GH_TRY(const std::vector<Hash> hashes, Hashes(level, first / kTileWidth));
  const std::size_t count = std::size_t{1} << within;
  const std::size_t at = first % kTileWidth;
  if (at + count > hashes.size()) return NotFound("the tree does not reach as far as a node of it that is asked for");
  return tlog::RootOf(std::span(hashes).subspan(at, count));
}

}  // namespace gatehouse::record::log
