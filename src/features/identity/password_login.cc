#include "features/identity/password_login.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "codec/crypto/random.h"
#include "features/identity/refusal.h"

namespace gatehouse::features::identity {
namespace {

using pipeline::Principal;

constexpr std::uint32_t kFailuresOfAnAddress = 10;               // times as many as of a name: many may sit behind one
constexpr base::Duration kLook = std::chrono::milliseconds(10);  // whether another attempt of the name is over

base::Error TooMany(base::Duration wait) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  return {.code = base::ErrorCode::kRateLimited,
          .source = base::ErrorSource::kClient,
          .public_message = "Too many wrong passwords. Retry later.",
          .detail = "too many failures of a name or an address",
          .retry_after_seconds = static_cast<std::uint32_t>(seconds)};
}

}  // namespace

std::optional<base::Duration> FailureCounter::Wait(const std::string& who, std::uint32_t most, base::TimePoint now) {
  const auto found = failures_.find(who);
  if (found != failures_.end() && found->second.until <= now) {
    failures_.erase(found);
    return {};
  }
  if (found != failures_.end()) {
    return found->second.count < most ? std::nullopt : std::optional(found->second.until - now);
  }
  if (failures_.size() < kMostNames) return {};
  std::erase_if(failures_, [now](const auto& one) { return one.second.until <= now; });
  return failures_.size() < kMostNames ? std::nullopt : std::optional(window_);
}

void FailureCounter::Add(const std::string& who, base::TimePoint now) {
  const auto [at, made] = failures_.try_emplace(who, Failures{.until = now + window_});
  ++at->second.count;
}

// The right to have the verifier asked about a name; ends with its holder.
class PasswordLogin::Turn {
 public:
  Turn(std::set<std::string>& asking, std::string user) : asking_(asking), user_(std::move(user)) {
    asking_.insert(user_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { asking_.erase(user_); }

 private:
  std::set<std::string>& asking_;  // of the login, which outlives its tasks
  const std::string user_;
};

PasswordLogin::PasswordLogin(PasswordLoginSettings settings, const base::Clock& clock)
    : settings_(settings),
      clock_(clock),
      key_(codec::crypto::RandomBytes(sizeof(codec::crypto::Digest))),
      failures_(settings.window) {}

// `what` keeps hashes of different things apart.
std::string PasswordLogin::HashOf(std::string_view what, std::string_view text) const {
  std::string all(what);
  all.append(":").append(text);
  const base::Secret hashed(std::move(all));
  return std::string(codec::crypto::AsText(codec::crypto::HmacSha256(key_.Reveal(), hashed.Reveal())));
}

std::shared_ptr<const Principal> PasswordLogin::Recall(const std::string& hash) {
  const auto found = remembered_.find(hash);
  if (found == remembered_.end()) return nullptr;
  if (clock_.Now() < found->second.until) return found->second.principal;
  remembered_.erase(found);
  return nullptr;
}

void PasswordLogin::Remember(const std::string& hash, std::shared_ptr<const Principal> principal) {
  const base::TimePoint now = clock_.Now();
  if (remembered_.size() >= kMostRemembered) {
    std::erase_if(remembered_, [now](const auto& one) { return one.second.until <= now; });
  }
  if (remembered_.size() >= kMostRemembered) return;
  remembered_.insert_or_assign(hash, Remembered{.principal = std::move(principal), .until = now + settings_.remember});
}

std::optional<base::Duration> PasswordLogin::Wait(const std::string& user, const std::string& address) {
  const base::TimePoint now = clock_.Now();
  const auto of_user = failures_.Wait(user, settings_.failures, now);
  const auto of_address = failures_.Wait(address, settings_.failures * kFailuresOfAnAddress, now);
  return of_user && of_address ? std::max(of_user, of_address) : of_user ? of_user : of_address;
}

net::Task<PasswordLogin::Outcome> PasswordLogin::Verify(std::shared_ptr<PasswordVerifier> verifier, net::Loop& loop,
                                                        Attempt attempt, net::Deadline deadline) {
  // Servers take an empty password for an anonymous bind, and succeed (RFC 4513, 5.1.2).
  if (attempt.user.empty() || attempt.password.empty()) {
    co_return Refusal("The user name or the password is wrong.", "an empty name or password");
  }
  if (verifier_.lock() != verifier) remembered_.clear();
  verifier_ = verifier;
  const std::string user = HashOf("user", base::ToLower(attempt.user));
  const std::string address = HashOf("address", attempt.address.substr(0, attempt.address.rfind(':')));
  const std::string both = HashOf(
      "login", std::to_string(attempt.user.size()).append(":").append(attempt.user).append(attempt.password.Reveal()));
  if (auto known = Recall(both)) co_return known;
  while (asking_.contains(user)) {
    if (clock_.Now() >= deadline.at) co_return TooMany(kLook);
    co_await loop.Sleep(kLook);
  }
  if (auto known = Recall(both)) co_return known;
  if (const auto wait = Wait(user, address)) co_return TooMany(*wait);
  const Turn turn(asking_, user);
  auto verified = co_await verifier->Verify(loop, attempt.user, std::move(attempt.password), deadline);
  if (!verified.ok()) {
    if (verified.error().code == base::ErrorCode::kUnauthenticated) {
      failures_.Add(user, clock_.Now());
      failures_.Add(address, clock_.Now());
    }
    co_return std::move(verified).TakeError();
  }
  auto principal = std::make_shared<const Principal>(std::move(verified).value());
  Remember(both, principal);
  co_return principal;
}

}  // namespace gatehouse::features::identity
