#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "codec/crypto/siphash.h"
#include "features/ratelimit/bucket.h"

namespace gatehouse::features::ratelimit {

class Replenisher;

// The buckets of one rule: one for all, and one for each caller where the rule wants that. They come with their first
// use and go, when room is needed, once nobody can tell them from new ones. Shared by all loops; thread-safe.
class Meter {
 public:
  static constexpr std::size_t kMostBuckets = std::size_t{1} << 20U;  // some 250 MiB
  explicit Meter(std::size_t most = kMostBuckets) : Meter({}, nullptr, most) {}
  // Of the rule of that name, which gateways share through `replenisher`; null: it is this gateway's alone.
  Meter(std::string_view rule, Replenisher* replenisher, std::size_t most = kMostBuckets);
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  const std::shared_ptr<Bucket>& common() const { return common_; }
  // Of the caller with that key. When there is no room for another one, late callers share one: they are let through
  // more seldom than they could be, and never more often.
  std::shared_ptr<Bucket> Of(std::uint64_t caller, base::TimePoint now);
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr base::Duration kSweepPause = std::chrono::seconds(1);
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, std::shared_ptr<Bucket>> buckets;  // guarded by mutex
    std::size_t sweep_at = 64;                                           // guarded by mutex
    base::TimePoint swept{};                                             // guarded by mutex
  };
  void Sweep(Shard& shard, base::TimePoint now) const;
  std::shared_ptr<Bucket> NewBucket(std::string_view whose) const;

  const std::string rule_;
  Replenisher* const replenisher_;
  const std::size_t most_per_shard_;
  const std::shared_ptr<Bucket> common_;
  const std::shared_ptr<Bucket> crowd_;
  std::array<Shard, kShards> shards_;
};

// The meters of rules by name: what was counted outlives a reload of the configuration. One for the process;
// thread-safe.
class MeterBoard {
 public:
  MeterBoard() : key_(codec::crypto::RandomSipKey()) {}
  // For rules that gateways share: before any meter is made, and with the same key on all of them. `replenisher`
  // outlives the meters.
  void ShareThrough(Replenisher& replenisher, codec::crypto::SipKey key);
  Replenisher* replenisher() const { return replenisher_; }
  // The same one for the same name as long as anybody holds it.
  std::shared_ptr<Meter> Get(std::string_view rule);
  // For keys of callers that are made of names.
  const codec::crypto::SipKey& key() const { return key_; }

 private:
  codec::crypto::SipKey key_;
  Replenisher* replenisher_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Meter>, std::less<>> meters_;  // guarded by mutex_
};

}  // namespace gatehouse::features::ratelimit
