#include "app/rate_sharing.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/random.h"
#include "codec/crypto/siphash.h"
#include "net/block_on.h"

namespace gatehouse::app {
namespace {

using features::accounting::GatewayRecord;

constexpr base::Duration kStartTime = std::chrono::seconds(1);
constexpr base::Duration kRecordsTime = std::chrono::seconds(10);
constexpr base::Duration kGiveBackTime = std::chrono::seconds(2);
constexpr std::size_t kNameBytes = 8;

// Of buckets, in whose keys callers are not to be recognised by those who can read the store.
codec::crypto::SipKey KeyFrom(const base::Secret& pepper) {
  const codec::crypto::Digest digest = codec::crypto::HmacSha256(pepper.Reveal(), "gatehouse rate limits");
  codec::crypto::SipKey key{};
  static_assert(sizeof(key) <= sizeof(digest));
  std::memcpy(key.data(), digest.data(), sizeof(key));
  return key;
}

}  // namespace

RateSharing::RateSharing(const Parts& parts, features::ratelimit::SharingSettings settings)
    : parts_(parts),
      sharing_(settings),
      replenisher_({.loop = parts.loop,
                    .store = parts.store,
                    .sharing = sharing_,
                    .log = parts.log,
                    .name = codec::crypto::HexEncode(codec::crypto::RandomBytes(kNameBytes))}) {}

void RateSharing::Open(features::ratelimit::MeterBoard& meters, const base::Secret& pepper) {
  CountGateways();
  meters.ShareThrough(replenisher_, KeyFrom(pepper));
  static_cast<void>(net::BlockOn(parts_.loop, replenisher_.Start(parts_.loop.In(kStartTime))));
}

// For as long as the store has not said how many there are: those that did not end in order, and this one.
void RateSharing::CountGateways() {
  const auto known = net::BlockOn(parts_.loop, parts_.records.Gateways(parts_.loop.In(kRecordsTime)));
  if (!known || !known->ok()) return;
  const auto open = std::ranges::count(known->value(), GatewayRecord::State::kOpen, &GatewayRecord::state);
  sharing_.NoteGateways(static_cast<std::uint32_t>(open));
}

void RateSharing::Close() {
  const auto given = net::BlockOn(parts_.loop, replenisher_.GiveBackAll(parts_.loop.In(kGiveBackTime)));
  if (!given || !given->ok()) {
    parts_.log.Warning("what was drawn of rate limits and not used could not be given back; it lapses in seconds");
  }
}

}  // namespace gatehouse::app
