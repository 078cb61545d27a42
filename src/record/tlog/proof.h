#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "record/tlog/hash.h"

// Proofs of inclusion and consistency (RFC 6962, 2.1.1 and 2.1.2; the checks are those of RFC 9162, 2.1.3.2
// and 2.1.4.2).
namespace gatehouse::record::tlog {

// The hashes of a tree, wherever they are kept.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  // The root over the leaves [index << height, (index + 1) << height), all of which are in the tree.
  virtual base::Result<Hash> Node(std::uint32_t height, std::uint64_t index) = 0;
};

using Proof = std::vector<Hash>;

// The root of the tree of the first `size` leaves.
base::Result<Hash> RootAt(NodeSource& nodes, std::uint64_t size);
// That leaf `index` is in the tree of `size`. kInvalidRequest unless index < size.
base::Result<Proof> ProveInclusion(NodeSource& nodes, std::uint64_t index, std::uint64_t size);
// That the tree of `older` is the beginning of the one of `newer`. kInvalidRequest unless 0 < older <= newer.
base::Result<Proof> ProveConsistency(NodeSource& nodes, std::uint64_t older, std::uint64_t newer);

// The root that the proof leads to; kInvalidRequest where it has another length than it must.
base::Result<Hash> RootFromInclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf,
                                     std::span<const Hash> proof);
// kDenied where a proof is not one of this.
base::Status VerifyInclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf, std::span<const Hash> proof,
                             const Hash& root);

struct TreeHead {
  std::uint64_t size = 0;
  Hash root{};
};
base::Status VerifyConsistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof);

}  // namespace gatehouse::record::tlog
