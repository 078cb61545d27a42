#pragma once

#include <array>
#include <cstdint>

namespace gatehouse::base {

// A fast generator for jitter, sampling and ids (xoshiro256**, Blackman and Vigna 2018). Never for secrets. One per
// loop.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t Next();
  // Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [0, 1).
  double Unit();

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace gatehouse::base
