#include "record/tlog/tile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "record/errors.h"

namespace gatehouse::record::tlog {
namespace {

constexpr std::string_view kRoot = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";
constexpr std::uint64_t kThousand = 1000;

std::string ThreeDigits(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(3 - digits.size(), '0') + digits;
}

std::string PathOf(std::string_view kind, std::uint64_t index, std::uint32_t width) {
  std::string number = ThreeDigits(index % kThousand);
  for (index /= kThousand; index > 0; index /= kThousand) {
    number.insert(0, "/").insert(0, ThreeDigits(index % kThousand)).insert(0, "x");
  }
  std::string path = std::string(kRoot).append(kind).append("/").append(number);
  if (width != kTileWidth) path.append(kPartial).append(std::to_string(width));
  return path;
}

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// x001/x234/067
base::Result<std::uint64_t> ParseIndex(std::string_view text) {
  std::uint64_t index = 0;
  for (;;) {
    const std::size_t end = text.find('/');
    const bool last = end == std::string_view::npos;
    std::string_view element = text.substr(0, end);
    if (element.starts_with('x') == last) return Malformed("the path of a tile has an element that is out of place");
    if (!last) element.remove_prefix(1);
    if (element.size() != 3 || !IsDigits(element) || index > (UINT64_MAX >> 1U) / kThousand - 1) {
      return Malformed("the path of a tile has an element that is no number of three digits");
    }
    const int number = (element[0] - '0') * 100 + (element[1] - '0') * 10 + (element[2] - '0');
    index = index * kThousand + static_cast<std::uint64_t>(number);
    if (last) return index;
    text.remove_prefix(end + 1);
  }
}

base::Result<std::uint32_t> ParseSmall(std::string_view text, std::uint64_t most, std::string_view what) {
  GH_TRY(const std::uint64_t number, ParseDecimal(text));
  if (number > most)
    return Malformed(std::string("the path of a tile has a ").append(what).append(" that is too large"));
  return static_cast<std::uint32_t>(number);
}

}  // namespace

std::string TilePath(const TileId& tile) { return PathOf(std::to_string(tile.level), tile.index, tile.width); }
std::string BundlePath(std::uint64_t index, std::uint32_t width) { return PathOf(kEntries, index, width); }

base::Result<ParsedPath> ParseTilePath(std::string_view path) {
  const std::string_view whole = path;
  ParsedPath parsed;
  if (!path.starts_with(kRoot)) return Malformed("the path of a tile does not begin with tile/");
  path.remove_prefix(kRoot.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return Malformed("the path of a tile ends early");
  const std::string_view level = path.substr(0, slash);
  path.remove_prefix(slash + 1);
  if (level == kEntries) {
    parsed.kind = ParsedPath::Kind::kEntries;
  } else {
    GH_TRY(parsed.tile.level, ParseSmall(level, kMaxLevel, "level"));
  }
  if (const std::size_t at = path.find(kPartial); at != std::string_view::npos) {
    GH_TRY(parsed.tile.width, ParseSmall(path.substr(at + kPartial.size()), kTileWidth - 1, "width"));
    path = path.substr(0, at);
  }
  GH_TRY(parsed.tile.index, ParseIndex(path));
  const TileId& tile = parsed.tile;
  const bool hashes = parsed.kind == ParsedPath::Kind::kHashes;
  if ((hashes ? TilePath(tile) : BundlePath(tile.index, tile.width)) != whole || tile.width == 0) {
    return Malformed("the path of a tile is not in its only form");
  }
  return parsed;
}

std::uint64_t HashesAt(std::uint32_t level, std::uint64_t size) {
  return level > kMaxLevel ? 0 : size >> (kTileHeight * level);
}

std::optional<TileId> TileIn(std::uint64_t size, std::uint32_t level, std::uint64_t index) {
  const std::uint64_t hashes = HashesAt(level, size);
  if (index >= (hashes + kTileWidth - 1) / kTileWidth) return std::nullopt;
  const std::uint64_t width = std::min<std::uint64_t>(kTileWidth, hashes - index * kTileWidth);
  return TileId{.level = level, .index = index, .width = static_cast<std::uint32_t>(width)};
}

std::vector<TileId> PartialTiles(std::uint64_t size) {
  std::vector<TileId> tiles;
  for (std::uint32_t level = 0; HashesAt(level, size) > 0; ++level) {
    const std::uint64_t hashes = HashesAt(level, size);
    if (hashes % kTileWidth != 0) tiles.push_back(*TileIn(size, level, hashes / kTileWidth));
  }
  return tiles;
}

std::string ToBytes(std::span<const Hash> hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size_bytes()};
}

base::Result<std::vector<Hash>> ParseHashes(std::string_view bytes, std::uint32_t width) {
  if (bytes.size() != std::size_t{width} * kHashBytes) {
    return Malformed("a tile of " + std::to_string(width) + " hashes has " + std::to_string(bytes.size()) + " bytes");
  }
  std::vector<Hash> hashes;
  hashes.reserve(width);
  for (std::uint32_t i = 0; i < width; ++i) hashes.push_back(HashFrom(bytes.substr(i * kHashBytes, kHashBytes)));
  return hashes;
}

void AppendEntry(std::string& bundle, std::string_view entry) {
  GH_CHECK(!entry.empty() && entry.size() <= kMaxEntryBytes);
  bundle.push_back(static_cast<char>(entry.size() >> 8U));
  bundle.push_back(static_cast<char>(entry.size() & 0xFFU));
  bundle.append(entry);
}

base::Result<std::string_view> TakeEntry(std::string_view& bundle) {
  if (bundle.size() < 2) return Malformed("a bundle ends within an entry's length");
  const std::size_t size =
      std::size_t{static_cast<unsigned char>(bundle[0])} << 8U | static_cast<unsigned char>(bundle[1]);
  if (size == 0) return Malformed("a bundle has an empty entry");
  if (bundle.size() - 2 < size) return Malformed("a bundle ends within an entry");
  const std::string_view entry = bundle.substr(2, size);
  bundle.remove_prefix(2 + size);
  return entry;
}

base::Result<std::vector<std::string_view>> ParseBundle(std::string_view bundle, std::uint32_t count) {
  std::vector<std::string_view> entries;
  entries.reserve(count);
  while (entries.size() < count) {
    GH_TRY(const std::string_view entry, TakeEntry(bundle));
    entries.push_back(entry);
  }
  if (!bundle.empty()) return Malformed("a bundle goes on after its last entry");
  return entries;
}

base::Result<TreeEdge> TreeEdge::From(std::uint64_t size, std::vector<std::vector<Hash>> partials) {
  const auto tiles = PartialTiles(size);
  if (tiles.size() != partials.size()) return Malformed("the edge of a tree has other tiles than its size says");
  TreeEdge edge;
  edge.size_ = size;
  for (std::uint32_t level = 0; HashesAt(level, size) > 0; ++level) edge.levels_.emplace_back();
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    if (partials[i].size() != tiles[i].width) return Malformed("a tile at the edge is not as wide as the size says");
    edge.levels_[tiles[i].level] = std::move(partials[i]);
  }
  return edge;
}

void TreeEdge::Append(const Hash& leaf, const OnTile& on_tile) {
  ++size_;
  Hash hash = leaf;
  for (std::uint32_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back().reserve(kTileWidth);
    std::vector<Hash>& hashes = levels_[level];
    hashes.push_back(hash);
    if (hashes.size() < kTileWidth) return;
    on_tile({.level = level, .index = HashesAt(level, size_) / kTileWidth - 1}, hashes);
    hash = RootOf(hashes);
    hashes.clear();
  }
}

// From the bottom: what is beneath a level hangs at its right, as one smaller subtree.
Hash TreeEdge::Root() const {
  std::optional<Hash> below;
  for (const std::vector<Hash>& level : levels_) {
    if (level.empty()) continue;
    std::vector<Hash> subtrees = level;
    if (below) subtrees.push_back(*below);
    below = RootOf(subtrees);
  }
  return below ? *below : EmptyRoot();
}

std::span<const Hash> TreeEdge::Partial(std::uint32_t level) const {
  return level < levels_.size() ? std::span<const Hash>(levels_[level]) : std::span<const Hash>();
}

}  // namespace gatehouse::record::tlog
