#include "features/oversight/approval.h"

#include <algorithm>
#include <array>
#include <utility>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using State = Approval::State;
using Kind = Move::Kind;

constexpr std::array<std::string_view, kApprovalStates> kStates = {"pending", "approved", "consumed",  "expired_unused",
                                                                   "denied",  "expired",  "cancelled", "revoked"};

base::Error Conflict(const Approval& approval) {
  return {
      .code = base::ErrorCode::kConflict,
      .source = base::ErrorSource::kClient,
      .public_message = "The request is " + std::string(ToString(approval.state)) + ", so that this cannot be done."};
}

base::Error NotYours() {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kClient,
          .public_message = "Nobody decides about what he asks for himself, or what is asked for on his behalf."};
}

Approval To(State state, Approval approval, std::int64_t at_ms) {
  approval.state = state;
  approval.changed_ms = at_ms;
  ++approval.version;
  return approval;
}

std::int64_t Approvals(const Approval& approval) {
  return std::ranges::count(approval.votes, Vote::Says::kApprove, &Vote::says);
}

base::Status CheckVoter(const Approval& approval, const Person& person) {
  if (approval.IsOf(person)) return NotYours();
  if (std::ranges::find(approval.votes, person, &Vote::by) == approval.votes.end()) return base::Ok();
  return base::Error{.code = base::ErrorCode::kConflict,
                     .source = base::ErrorSource::kClient,
                     .public_message = "You have decided about this before. Another person must decide too."};
}

Result<Approval> Decide(Approval approval, Move move) {
  if (approval.state != State::kPending) return Conflict(approval);
  GH_CHECK_OK(CheckVoter(approval, move.by));
  const auto says = move.kind == Kind::kApprove ? Vote::Says::kApprove : Vote::Says::kDeny;
  approval.votes.push_back(
      {.by = std::move(move.by), .says = says, .reason = std::move(move.reason), .at_ms = move.at_ms});
  if (says == Vote::Says::kDeny) return To(State::kDenied, std::move(approval), move.at_ms);
  if (Approvals(approval) < approval.quorum) {
    ++approval.version;
    return approval;
  }
  approval.use_by_ms = move.at_ms + approval.use_within_ms;
  return To(State::kApproved, std::move(approval), move.at_ms);
}

Result<Approval> Leave(State from, State to, Approval approval, std::int64_t at_ms) {
  if (approval.state != from) return Conflict(approval);
  return To(to, std::move(approval), at_ms);
}

Result<Approval> Expire(Approval approval, std::int64_t at_ms) {
  if (!approval.IsDue(at_ms)) return Conflict(approval);
  const State to = approval.state == State::kPending ? State::kExpired : State::kExpiredUnused;
  return To(to, std::move(approval), at_ms);
}

}  // namespace

std::string_view ToString(State state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<State> StateOf(std::string_view word) {
  const auto* const found = std::ranges::find(kStates, word);
  if (found == kStates.end()) return {};
  return static_cast<State>(found - kStates.begin());
}

std::string_view ToString(Vote::Says says) { return says == Vote::Says::kApprove ? "approve" : "deny"; }

std::optional<std::int64_t> ApprovalIdOf(std::string_view word) { return IdBehind("apr_", word); }

bool Approval::IsOf(const Person& person) const { return Has(chain, person); }

bool Approval::IsDue(std::int64_t now_ms) const {
  if (state == State::kPending) return now_ms >= decide_by_ms;
  return state == State::kApproved && now_ms >= use_by_ms;
}

Result<Approval> Apply(Approval approval, Move move) {
  if (move.kind != Kind::kExpire && approval.IsDue(move.at_ms)) {
    GH_TRY(const Approval expired, Expire(std::move(approval), move.at_ms));
    return Conflict(expired);
  }
  switch (move.kind) {
    case Kind::kApprove:
    case Kind::kDeny: return Decide(std::move(approval), std::move(move));
    case Kind::kRevoke: return Leave(State::kApproved, State::kRevoked, std::move(approval), move.at_ms);
    case Kind::kConsume: return Leave(State::kApproved, State::kConsumed, std::move(approval), move.at_ms);
    case Kind::kCancel: return Leave(State::kPending, State::kCancelled, std::move(approval), move.at_ms);
    case Kind::kExpire: return Expire(std::move(approval), move.at_ms);
  }
  return Conflict(approval);
}

}  // namespace gatehouse::features::oversight
