#include "record/tlog/proof.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "record/errors.h"

namespace gatehouse::record::tlog {
namespace {

using base::Result;

// Leaves [begin, end). `begin` is a multiple of the smallest power of two that is not below their number.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size() const { return end - begin; }
  // Where RFC 6962 splits it: behind the largest power of two below its size. REQUIRES: size() > 1.
  std::uint64_t Middle() const { return begin + std::bit_floor(size() - 1); }
};

// The largest whole subtrees from the left, joined from the right.
Result<Hash> RootOver(NodeSource& nodes, Range range) {
  std::vector<Hash> parts;
  while (range.begin < range.end) {
    const std::uint64_t part = std::bit_floor(range.size());
    const auto height = static_cast<std::uint32_t>(std::countr_zero(part));
    GH_TRY(const Hash node, nodes.Node(height, range.begin >> height));
    parts.push_back(node);
    range.begin += part;
  }
  if (parts.empty()) return EmptyRoot();
  Hash root = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) root = NodeHash(parts[i], root);
  return root;
}

base::Error Wrong(const char* what) {
  return {.code = base::ErrorCode::kDenied, .source = base::ErrorSource::kStore, .public_message = what};
}

// The proof's hashes, from the leaf on, one by one.
class Steps {
 public:
  explicit Steps(std::span<const Hash> proof) : proof_(proof) {}
  bool done() const { return next_ == proof_.size(); }
  const Hash& Next() { return proof_[next_++]; }

 private:
  std::span<const Hash> proof_;
  std::size_t next_ = 0;
};

}  // namespace

Result<Hash> RootAt(NodeSource& nodes, std::uint64_t size) { return RootOver(nodes, {.begin = 0, .end = size}); }

Result<Proof> ProveInclusion(NodeSource& nodes, std::uint64_t index, std::uint64_t size) {
  if (index >= size)
    return Malformed("entry " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  Proof proof;
  for (Range range{.begin = 0, .end = size}; range.size() > 1;) {
    const std::uint64_t middle = range.Middle();
    const Range left{.begin = range.begin, .end = middle};
    const Range right{.begin = middle, .end = range.end};
    GH_TRY(const Hash sibling, RootOver(nodes, index < middle ? right : left));
    proof.push_back(sibling);
    range = index < middle ? left : right;
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<Proof> ProveConsistency(NodeSource& nodes, std::uint64_t older, std::uint64_t newer) {
  if (older == 0 || older > newer) {
    return Malformed("there is no proof that a log of " + std::to_string(older) +
                     " entries is the beginning of one of " + std::to_string(newer));
  }
  Proof proof;
  Range range{.begin = 0, .end = newer};
  while (range.end != older) {
    const std::uint64_t middle = range.Middle();
    const Range left{.begin = range.begin, .end = middle};
    const Range right{.begin = middle, .end = range.end};
    GH_TRY(const Hash sibling, RootOver(nodes, older <= middle ? right : left));
    proof.push_back(sibling);
    range = older <= middle ? left : right;
  }
  if (range.begin > 0) {
    GH_TRY(const Hash own, RootOver(nodes, range));
    proof.push_back(own);
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<Hash> RootFromInclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf, std::span<const Hash> proof) {
  if (index >= size) return Malformed("a proof of inclusion is of an entry beyond the tree");
  Steps steps(proof);
  Hash root = leaf;
  std::uint64_t at = index;
  for (std::uint64_t last = size - 1; last > 0; at >>= 1U, last >>= 1U) {
    if (at == last && at % 2 == 0) continue;  // an odd one out, which goes up as it is
    if (steps.done()) return Malformed("a proof of inclusion is too short");
    root = at % 2 == 1 ? NodeHash(steps.Next(), root) : NodeHash(root, steps.Next());
  }
  if (!steps.done()) return Malformed("a proof of inclusion is too long");
  return root;
}

base::Status VerifyInclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf, std::span<const Hash> proof,
                             const Hash& root) {
  GH_TRY(const Hash found, RootFromInclusion(index, size, leaf, proof));
  if (found != root) return Wrong("a proof of inclusion does not lead to the root");
  return base::Ok();
}

base::Status VerifyConsistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof) {
  if (older.size == 0 || older.size > newer.size) return Malformed("a proof of consistency is of sizes that have none");
  if (older.size == newer.size) {
    if (!proof.empty()) return Malformed("a proof of consistency of equal sizes is not empty");
    if (older.root != newer.root) return Wrong("two checkpoints of one size have different roots");
    return base::Ok();
  }
  Steps steps(proof);
  std::uint64_t at = older.size - 1;
  std::uint64_t last = newer.size - 1;
  const auto whole = static_cast<std::uint32_t>(std::countr_one(at));
  at >>= whole;
  last >>= whole;
  if (steps.done()) return Malformed("a proof of consistency is empty");
  Hash old_root = std::has_single_bit(older.size) ? older.root : steps.Next();
  Hash new_root = old_root;
  for (; last > 0; at >>= 1U, last >>= 1U) {
    if (at == last && at % 2 == 0) continue;
    if (steps.done()) return Malformed("a proof of consistency is too short");
    const Hash& sibling = steps.Next();
    if (at % 2 == 1) old_root = NodeHash(sibling, old_root);
    new_root = at % 2 == 1 ? NodeHash(sibling, new_root) : NodeHash(new_root, sibling);
  }
  if (!steps.done()) return Malformed("a proof of consistency is too long");
  if (old_root != older.root) return Wrong("a proof of consistency does not lead to the older root");
  if (new_root != newer.root) return Wrong("a proof of consistency does not lead to the newer root");
  return base::Ok();
}

}  // namespace gatehouse::record::tlog
