#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Counting what there may be any number of, in bounded memory. Values; one thread.
namespace gatehouse::features::compliance {

// How often each name came. Names beyond the most that are told apart are counted together.
class Tally {
 public:
  explicit Tally(std::size_t most_names = 2000) : most_names_(most_names) {}

  void Add(std::string_view name, std::uint64_t count = 1) {
    total_ += count;
    if (const auto found = counts_.find(name); found != counts_.end()) {
      found->second += count;
    } else if (counts_.size() < most_names_) {
      counts_.emplace(name, count);
    } else {
      others_ += count;
    }
  }
  std::uint64_t total() const { return total_; }
  std::uint64_t others() const { return others_; }  // of names that are not told apart
  std::size_t names() const { return counts_.size(); }
  bool empty() const { return total_ == 0; }
  std::uint64_t of(std::string_view name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, std::uint64_t, std::less<>>& counts() const { return counts_; }
  // By count, the most frequent first.
  std::vector<std::pair<std::string, std::uint64_t>> Ranked(std::size_t most) const;

 private:
  std::size_t most_names_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t others_ = 0;
};

// How long things took, in milliseconds: counts in buckets that are a quarter of a power of two wide.
class Durations {
 public:
  void Add(std::uint64_t milliseconds) {
    ++buckets_.at(BucketOf(milliseconds));
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  // The upper end of the bucket in which that part of all lies; 0 where there are none.
  std::uint64_t Percentile(unsigned percent) const;

 private:
  static constexpr std::size_t kBuckets = 128;
  static std::size_t BucketOf(std::uint64_t value);
  static std::uint64_t EndOf(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace gatehouse::features::compliance
