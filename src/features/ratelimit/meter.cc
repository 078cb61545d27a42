#include "features/ratelimit/meter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>

#include "features/ratelimit/replenisher.h"

namespace gatehouse::features::ratelimit {

Meter::Meter(std::string_view rule, Replenisher* replenisher, std::size_t most)
    : rule_(rule),
      replenisher_(replenisher),
      most_per_shard_(most / kShards + 1),
      common_(NewBucket("all")),
      crowd_(NewBucket("crowd")) {}

std::shared_ptr<Bucket> Meter::NewBucket(std::string_view whose) const {
  auto bucket = std::make_shared<Bucket>();
  if (replenisher_ == nullptr) return bucket;
  std::string key = "rate:";
  key.append(rule_).append(":").append(whose);
  bucket->shared = replenisher_->Share(bucket->slots, std::move(key));
  return bucket;
}

std::shared_ptr<Bucket> Meter::Of(std::uint64_t caller, base::TimePoint now) {
  // The low bits choose a place within the table of the shard.
  constexpr unsigned kShardShift = 60;
  static_assert(kShards == std::size_t{1} << (64 - kShardShift));
  Shard& shard = shards_.at(caller >> kShardShift);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.buckets.find(caller);
  if (found != shard.buckets.end()) return found->second;
  if (shard.buckets.size() >= shard.sweep_at) Sweep(shard, now);
  if (shard.buckets.size() >= most_per_shard_) return crowd_;
  std::array<char, 16> digits{};
  constexpr int kHexadecimal = 16;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), caller, kHexadecimal);
  const std::string_view whose(digits.data(), static_cast<std::size_t>(written.ptr - digits.data()));
  return shard.buckets.emplace(caller, NewBucket(whose)).first->second;
}

// Under the shard's mutex, without which nobody can get hold of a bucket that only the table has.
void Meter::Sweep(Shard& shard, base::TimePoint now) const {
  if (shard.swept != base::TimePoint{} && now < shard.swept + kSweepPause) return;
  shard.swept = now;
  std::erase_if(shard.buckets, [now](const auto& entry) {
    if (entry.second.use_count() != 1) return false;
    std::atomic_thread_fence(std::memory_order_acquire);  // what the last holder did to it
    return entry.second->IsIdle(now);
  });
  constexpr std::size_t kFewest = 64;
  shard.sweep_at = std::min(most_per_shard_, std::max(kFewest, 2 * shard.buckets.size()));
}

std::size_t Meter::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    size += shard.buckets.size();
  }
  return size;
}

void MeterBoard::ShareThrough(Replenisher& replenisher, codec::crypto::SipKey key) {
  replenisher_ = &replenisher;
  key_ = key;
}

std::shared_ptr<Meter> MeterBoard::Get(std::string_view rule) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(meters_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = meters_[std::string(rule)];
  auto meter = known.lock();
  if (meter == nullptr) known = meter = std::make_shared<Meter>(rule, replenisher_);
  return meter;
}

}  // namespace gatehouse::features::ratelimit
