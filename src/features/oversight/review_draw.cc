#include "features/oversight/review_draw.h"

#include "codec/crypto/hash.h"

namespace gatehouse::features::oversight {

std::atomic<std::uint64_t>& ReviewDraw::CountOf(std::string_view rule) {
  const std::scoped_lock lock(mutex_);
  auto found = counts_.find(rule);
  if (found == counts_.end()) {
    found = counts_.emplace(rule, std::make_unique<std::atomic<std::uint64_t>>(0)).first;
  }
  return *found->second;
}

std::string ReviewDraw::TextOf(std::string_view rule, std::uint64_t number) const {
  return std::string(process_).append("/").append(rule).append("/").append(std::to_string(number));
}

bool ReviewDraw::Chooses(std::string_view text, std::int64_t share_ppm) const {
  constexpr std::uint64_t kMillion = 1'000'000;
  const codec::crypto::Digest digest = codec::crypto::HmacSha256(key_.Reveal(), text);
  std::uint64_t drawn = 0;
  for (std::size_t i = 0; i < sizeof drawn; ++i) drawn = drawn << 8U | digest.at(i);
  return drawn % kMillion < static_cast<std::uint64_t>(share_ppm);
}

}  // namespace gatehouse::features::oversight
