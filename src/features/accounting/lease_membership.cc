#include "features/accounting/lease_membership.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"
#include "features/accounting/window.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using base::Status;
using store::KeyValue;

constexpr std::string_view kGenerationKey = "budgets:generation";
// How long a name stays taken after its gateway was heard of last.
constexpr base::Duration kNameTtl = std::chrono::seconds(15);
// An incarnation has room for so many claims.
constexpr unsigned kTurnBits = 40;

std::int64_t SecondsIn(std::string_view generation) {
  std::int64_t seconds = 0;
  std::from_chars(generation.data(), generation.data() + generation.size(), seconds);
  return seconds;
}

base::Error NameTaken(const std::string& name) {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kStore,
          .public_message = "Another gateway of the name `" + name +
                            "` is alive. Give each gateway a name of its own in `cluster.node`, or stop the other one.",
          .detail = "another gateway of the name " + name + " is alive"};
}

}  // namespace

net::Task<Status> LeaseMembership::Begin(net::Deadline deadline) {
  GH_CO_TRY(incarnation_, co_await parts_.records.Begin(self_.journal, self_.name, deadline));
  turns_ = 0;
  co_return base::Ok();
}

Claimant LeaseMembership::Next() {
  return {.holder = holder(),
          .turn = (incarnation_ << kTurnBits) + ++turns_,
          .generation_key = std::string(kGenerationKey),
          .generation = generation_,
          .generation_began = SecondsIn(generation_)};
}

// Later than all that it has under way, earlier than all of its next life.
Claimant LeaseMembership::InsteadOf(const GatewayRecord& gateway, const LeaseMembership& self) {
  return {.holder = std::to_string(gateway.journal),
          .turn = ((gateway.incarnation + 1) << kTurnBits) - 1,
          .generation_key = std::string(kGenerationKey),
          .generation = self.generation_,
          .generation_began = SecondsIn(self.generation_)};
}

// A name is a quantity of one, which one gateway has.
net::Task<Result<KeyValue::Grant>> LeaseMembership::ClaimName(std::string name, std::int64_t wanted, base::Duration ttl,
                                                              net::Deadline deadline) {
  KeyValue::Claim claim{.key = "gateway:" + std::move(name),
                        .holder = holder(),
                        .turn = (incarnation_ << kTurnBits) + ++turns_,
                        .basis = wanted > 0 ? KeyValue::Claim::Basis::kAtLeast : KeyValue::Claim::Basis::kStated,
                        .wanted = wanted,
                        .limit = 1,
                        .ttl = ttl,
                        .others = {},
                        .guard = {},
                        .guard_value = {}};
  co_return co_await parts_.store.Take(std::move(claim), deadline);
}

net::Task<Status> LeaseMembership::TakeName(net::Deadline deadline) {
  GH_CO_TRY(const KeyValue::Grant grant, co_await ClaimName(self_.name, 1, kNameTtl, deadline));
  if (grant.share == 1) co_return base::Ok();
  co_return NameTaken(self_.name);
}

net::Task<Status> LeaseMembership::LeaveName(net::Deadline deadline) {
  GH_CO_CHECK_OK(co_await ClaimName(self_.name, 0, kNameTtl, deadline));
  co_return base::Ok();
}

net::Task<Status> LeaseMembership::TakeNameOf(std::string name, net::Deadline deadline) {
  GH_CO_TRY(const KeyValue::Grant grant, co_await ClaimName(name, 1, kNameTtl, deadline));
  if (grant.share == 1) co_return base::Ok();
  co_return base::Error{.code = base::ErrorCode::kConflict,
                        .source = base::ErrorSource::kClient,
                        .public_message = "The gateway `" + name +
                                          "` is alive. Stop it first: then it gives back what "
                                          "it does not use by itself."};
}

net::Task<Status> LeaseMembership::ReadGeneration(net::Deadline deadline) {
  const std::string key(kGenerationKey);
  GH_CO_TRY(std::optional<std::string> known, co_await parts_.store.Get(key, deadline));
  if (!known) {
    constexpr std::size_t kRandomBytes = 8;
    std::string fresh = std::to_string(SecondsOf(parts_.loop.clock().Wall())) + "-" +
                        codec::crypto::HexEncode(codec::crypto::RandomBytes(kRandomBytes));
    GH_CO_CHECK_OK(
        co_await parts_.store.Set({.key = key, .value = std::move(fresh), .when = KeyValue::When::kAbsent}, deadline));
    GH_CO_TRY(known, co_await parts_.store.Get(key, deadline));
  }
  if (!known) co_return base::Internal("what was shared is gone as soon as it is written");
  generation_ = *std::move(known);
  co_return base::Ok();
}

net::Task<Status> LeaseMembership::SayPresent(net::Deadline deadline) {
  const std::string generation = generation_;
  if (present_in_.empty()) {
    GH_CO_CHECK_OK(co_await parts_.records.Mark(self_.journal, GatewayRecord::State::kOpen, deadline));
  }
  GH_CO_CHECK_OK(co_await parts_.store.Set(
      {.key = "budgets:present:" + generation + ":" + holder(), .value = self_.name}, deadline));
  present_in_ = generation;
  co_return base::Ok();
}

net::Task<Result<std::vector<GatewayRecord>>> LeaseMembership::Complete(net::Deadline deadline) {
  const std::string generation = generation_;
  GH_CO_TRY(std::vector<GatewayRecord> gateways, co_await parts_.records.Gateways(deadline));
  if (complete_in_ == generation) co_return gateways;
  for (const GatewayRecord& one : gateways) {
    if (one.state != GatewayRecord::State::kOpen) continue;
    GH_CO_TRY(const auto present,
              co_await parts_.store.Get("budgets:present:" + generation + ":" + std::to_string(one.journal), deadline));
    if (present) continue;
    co_return base::Error{.code = base::ErrorCode::kUnavailable,
                          .source = base::ErrorSource::kStore,
                          .retry = base::Retry::kSameTarget,
                          .detail = "what gateways shared is new, and the gateway `" + one.name +
                                    "` has not said yet what it has of it; start it, or release it"};
  }
  complete_in_ = generation;
  co_return gateways;
}

}  // namespace gatehouse::features::accounting
