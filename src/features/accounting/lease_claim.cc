#include "features/accounting/lease_claim.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"

namespace gatehouse::features::accounting {
namespace {

using store::KeyValue;

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kSkew = 60;            // seconds that gateways' clocks may differ by
constexpr std::int64_t kLeastValidity = 120;  // seconds
// Small enough that many gateways get something, large enough that few requests wait for it.
constexpr std::int64_t kParts = 16;

bool IsTotal(const Limit& limit) { return limit.window.unit == WindowSpec::Unit::kTotal; }
bool IsRolling(const Limit& limit) { return limit.window.kind == WindowSpec::Kind::kRolling && !IsTotal(limit); }

std::int64_t Validity(const Limit& limit) { return std::max(kLeastValidity, RollingOf(limit.window.unit).length); }

// How long what was spent in a piece that begins then counts, from now on.
std::int64_t CountsFor(const Limit& limit, std::int64_t piece_begin, std::int64_t now) {
  const Rolling rolling = RollingOf(limit.window.unit);
  return piece_begin + rolling.length + 2 * rolling.piece - now;
}

base::Duration TtlOf(const Stake& stake, std::int64_t now) {
  const Limit& limit = *stake.limit;
  if (IsTotal(limit)) return {};
  if (!IsRolling(limit)) return std::chrono::seconds(stake.window.end - now + kDay);
  return std::chrono::seconds(CountsFor(limit, now + Validity(limit), now));
}

}  // namespace

std::int64_t ValidUntil(const Stake& stake, std::int64_t now) {
  const Limit& limit = *stake.limit;
  return IsRolling(limit) ? now + Validity(limit) : stake.window.end;
}

std::int64_t FirstPiece(const Stake& stake, std::int64_t now) {
  const Limit& limit = *stake.limit;
  if (!IsRolling(limit)) return stake.window.begin;
  const Rolling rolling = RollingOf(limit.window.unit);
  return PieceAt(limit.window, now).begin - rolling.length;
}

std::string ShareKey(const Limit& limit, const Span& window) {
  std::string terms;
  for (const std::string_view part :
       {ToString(limit.dimension), ToString(limit.window.unit), std::string_view(IsRolling(limit) ? "r" : "c"),
        std::string_view(limit.zone), std::string_view(limit.model), std::string_view(limit.provider)}) {
    terms.append(part).push_back('\0');
  }
  constexpr std::size_t kTermsLength = 16;
  const std::string digest =
      codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(terms))).substr(0, kTermsLength);
  return "budget:" + std::to_string(limit.id) + ":" + digest + ":" +
         (IsRolling(limit) ? "rolling" : std::to_string(window.begin));
}

KeyValue::Claim ClaimFor(const Stake& stake, const Need& need, const Claimant& claimant, std::int64_t now) {
  const Limit& limit = *stake.limit;
  // What began after this process knew the limit, and after the store was new, can have no shares but those there.
  const std::int64_t first = FirstPiece(stake, now);
  const bool all_known = !IsTotal(limit) && first > stake.since + kSkew && first > claimant.generation_began + kSkew;
  return {.key = ShareKey(limit, stake.window),
          .holder = claimant.holder,
          .turn = claimant.turn,
          .basis = stake.memory == Stake::Memory::kWhole ? KeyValue::Claim::Basis::kStated
                                                         : KeyValue::Claim::Basis::kAtLeast,
          .has = stake.has,
          .used = stake.used,
          .wanted = need.wanted,
          .least = need.least,
          .parts = kParts,
          .limit = std::min(limit.amount, KeyValue::kMostQuantity),
          .ttl = TtlOf(stake, now),
          .foundation = all_known ? KeyValue::Claim::Foundation::kNotNeeded : KeyValue::Claim::Foundation::kNeeded,
          .others = {},
          .guard = claimant.generation_key,
          .guard_value = claimant.generation};
}

std::vector<KeyValue::Share> FoundationOf(const Stake& stake, std::span<const LeaseRecords::Use> uses,
                                          std::span<const GatewayRecord> gateways, std::int64_t now) {
  const auto is_open = [gateways](std::int64_t journal) {
    return std::ranges::any_of(gateways, [journal](const GatewayRecord& one) {
      return one.journal == journal && one.state == GatewayRecord::State::kOpen;
    });
  };
  const bool rolling = IsRolling(*stake.limit);
  std::map<std::string, KeyValue::Share> shares;
  for (const LeaseRecords::Use& use : uses) {
    std::string holder = std::to_string(use.journal);
    base::Duration ttl = TtlOf(stake, now);
    if (rolling && !is_open(use.journal)) {
      holder.append("@").append(std::to_string(use.piece_begin));
      const std::int64_t counts = CountsFor(*stake.limit, use.piece_begin, now);
      if (counts <= 0) continue;
      ttl = std::chrono::seconds(counts);
    }
    KeyValue::Share& share = shares.try_emplace(holder, KeyValue::Share{.holder = holder, .ttl = ttl}).first->second;
    share.amount += use.used;
    share.used += use.used;
  }
  std::vector<KeyValue::Share> list;
  list.reserve(shares.size());
  for (auto& [holder, share] : shares) list.push_back(std::move(share));
  return list;
}

}  // namespace gatehouse::features::accounting
