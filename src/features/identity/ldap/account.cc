#include "features/identity/ldap/account.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace gatehouse::features::identity::ldap {
namespace {

// Bits of userAccountControl ([MS-ADTS], 2.2.16).
constexpr std::int64_t kDisabled = 0x2;
constexpr std::int64_t kLockedOut = 0x10;
constexpr std::int64_t kPasswordExpired = 0x800000;
// accountExpires counts tenths of a microsecond since 1601.
constexpr std::int64_t kUnixEpochSeconds = 11'644'473'600;
constexpr std::int64_t kTicksPerSecond = 10'000'000;

std::int64_t NumberOf(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool IsOver(std::string_view account_expires, base::WallTime now) {
  const std::int64_t ticks = NumberOf(account_expires);
  if (ticks <= 0 || ticks == std::numeric_limits<std::int64_t>::max()) return false;  // never
  const std::int64_t seconds = ticks / kTicksPerSecond - kUnixEpochSeconds;
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() >= seconds;
}

}  // namespace

std::optional<std::string_view> WhyClosed(const Entry& person, base::WallTime now) {
  const std::int64_t flags =
      NumberOf(person.First("userAccountControl")) | NumberOf(person.First("msDS-User-Account-Control-Computed"));
  const std::string_view lock = person.First("nsAccountLock");
  if ((flags & kDisabled) != 0 || lock == "true" || lock == "TRUE") return "Your account is disabled.";
  if ((flags & kLockedOut) != 0 || !person.First("pwdAccountLockedTime").empty()) return "Your account is locked.";
  if ((flags & kPasswordExpired) != 0) return "Your password has expired.";
  if (IsOver(person.First("accountExpires"), now)) return "Your account has expired.";
  return std::nullopt;
}

}  // namespace gatehouse::features::identity::ldap
