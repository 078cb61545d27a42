#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/cel/cel.h"

namespace gatehouse::features::policy {

// Facts as they were when somebody looked at them last: a condition that looks at none that has changed comes to the
// same as before. Numbers and short texts are compared; lists, maps, long texts and points in time count as changed
// each time. One thread.
class FactMemory {
 public:
  using Mask = std::uint64_t;  // a bit for each Fact, by its number
  static constexpr std::size_t kMostText = 128;

  // Facts to be looked at.
  void Watch(Mask facts);
  // Those of them that are not what they were at the last call.
  Mask Renew(const codec::cel::Activation& facts);

 private:
  struct Kept {
    std::uint32_t slot = 0;
    codec::cel::Kind kind = codec::cel::Kind::kUnknown;  // as at first: nothing was seen
    std::uint64_t number = 0;
    std::string text;
  };
  enum class News : std::uint8_t { kNone, kSome };
  static News Keep(const codec::cel::Value& value, Kept& kept);

  std::vector<Kept> kept_;
};

}  // namespace gatehouse::features::policy
