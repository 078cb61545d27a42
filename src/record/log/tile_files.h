#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "record/log/files.h"
#include "record/tlog/proof.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {

// The tiles and bundles of a log folder as a tree of `size` leaves has them. What it reads is as the files have it:
// nothing here compares it with a signature. Keeps a few tiles in memory. One thread; `files` outlives it.
class TileFiles final : public tlog::NodeSource {
 public:
  TileFiles(Files& files, std::string folder, std::uint64_t size)
      : files_(files), folder_(std::move(folder)), size_(size) {}

  std::uint64_t size() const { return size_; }
  base::Result<tlog::Hash> Node(std::uint32_t height, std::uint64_t index) override;
  // The hashes of a tile of that size; kNotFound beyond the tree, or where there is no file with them.
  base::Result<std::vector<tlog::Hash>> Hashes(std::uint32_t level, std::uint64_t index);
  // The entries of the bundle of that index, as bytes of a bundle.
  base::Result<std::string> Bundle(std::uint64_t index);

 private:
  // The bytes of a tile or bundle that has at least that width, and its width.
  struct Wide {
    std::string bytes;
    std::uint32_t width = 0;
  };
  using PathOf = std::string (*)(const tlog::TileId&);
  base::Result<Wide> ReadWide(const tlog::TileId& tile, PathOf path_of);

  Files& files_;
  const std::string folder_;
  const std::uint64_t size_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<tlog::Hash>> cache_;
};

}  // namespace gatehouse::record::log
