#include "features/identity/oidc/claims.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "features/identity/refusal.h"

namespace gatehouse::features::identity::oidc {
namespace {

using base::WallTime;
using codec::json::Value;

constexpr std::int64_t kLastSecond = 9'000'000'000;  // in the year 2255: the clock of nanoseconds ends in 2262

bool Contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

// A NumericDate (RFC 7519, 2) as a whole number of seconds; nullopt for anything else.
std::optional<WallTime> TimeOf(Value claim) {
  const auto seconds = claim.AsInteger();
  if (!seconds || *seconds < 0 || *seconds > kLastSecond) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

base::Status CheckIssuer(Value iss, const IssuerSettings& settings) {
  if (iss.IsString() && iss.string() == settings.issuer) return base::Ok();
  return Refusal("The access token is from another issuer than it should be (iss).");
}

base::Status CheckAudience(Value aud, const IssuerSettings& settings) {
  if (aud.IsString() && Contains(settings.audiences, aud.string())) return base::Ok();
  for (const auto& one : aud) {
    if (aud.IsArray() && Contains(settings.audiences, one.value.string())) return base::Ok();
  }
  return Refusal("The access token was not made for this gateway (aud). Ask your identity provider for one that is.");
}

base::Status CheckBegun(Value claims, const IssuerSettings& settings, WallTime now) {
  for (const char* const name : {"nbf", "iat"}) {
    const Value claim = claims[name];
    if (claim.IsMissing()) continue;
    const auto time = TimeOf(claim);
    if (!time)
      return Refusal("The access token has a time that is no whole number of seconds (" + std::string(name) + ").");
    if (*time > now + settings.clock_skew) {
      return Refusal("The access token is not valid yet (" + std::string(name) +
                     "). If it is new, the clocks of its issuer and of this gateway differ.");
    }
  }
  return base::Ok();
}

base::Result<WallTime> CheckEnd(Value claims, const IssuerSettings& settings, WallTime now) {
  const Value exp = claims["exp"];
  if (exp.IsMissing()) return Refusal("The access token does not say when it expires (exp).");
  const auto end = TimeOf(exp);
  if (!end) return Refusal("The access token has a time that is no whole number of seconds (exp).");
  if (now >= *end + settings.clock_skew) return Refusal("The access token has expired (exp). Get a new one.");
  const auto begin = TimeOf(claims["iat"]).value_or(now);
  if (*end - begin > settings.max_lifetime) {
    return Refusal("The access token was made for longer than this gateway accepts (exp).");
  }
  return *end + settings.clock_skew;
}

base::Status CheckClient(Value claims, const IssuerSettings& settings) {
  if (settings.clients.empty()) return base::Ok();
  bool named = false;
  for (const char* const name : {"client_id", "azp", "appid"}) {
    const Value client = claims[name];
    if (client.IsMissing()) continue;
    named = true;
    if (!Contains(settings.clients, client.string())) {
      return Refusal("The access token was given to a client that may not use this gateway (" + std::string(name) +
                     ").");
    }
  }
  return named ? base::Ok() : Refusal("The access token does not say which client it was given to (client_id, azp).");
}

// A token that is good for nothing without proof of a key must not pass as one that is (RFC 8705, 3; RFC 9449, 6).
base::Status CheckUnbound(Value claims) {
  if (claims["cnf"].IsMissing()) return base::Ok();
  return Refusal("The access token is bound to a key or certificate (cnf), which this gateway cannot check.");
}

// Where the type in the header does not tell: what only ID, logout and refresh tokens have (OpenID Connect Core 2 and
// 3.3.2.11; Back-Channel Logout 2.4).
base::Status CheckPurpose(Value claims, std::string_view type) {
  if (type == "at+jwt") return base::Ok();
  for (const char* const name : {"nonce", "at_hash", "c_hash", "s_hash", "events"}) {
    if (!claims[name].IsMissing())
      return Refusal("This is an ID or logout token, not an access token (" + std::string(name) + ").");
  }
  std::string kind(claims["typ"].string());
  std::ranges::transform(kind, kind.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  constexpr std::array<std::string_view, 4> kOthers = {"id", "refresh", "offline", "logout"};
  if (std::ranges::find(kOthers, kind) == kOthers.end()) return base::Ok();
  return Refusal("This is an ID, refresh or logout token, not an access token (typ).");
}

base::Status CheckScopes(Value claims, const IssuerSettings& settings) {
  if (settings.scopes.empty()) return base::Ok();
  auto granted = ValuesOf(claims, "scope");
  std::ranges::copy(ValuesOf(claims, "scp"), std::back_inserter(granted));
  for (const std::string& wanted : settings.scopes) {
    if (!Contains(granted, wanted)) return Denial("The access token lacks the scope '" + wanted + "'.");
  }
  return base::Ok();
}

}  // namespace

base::Result<WallTime> CheckClaims(Value claims, std::string_view type, const IssuerSettings& settings, WallTime now) {
  GH_CHECK_OK(CheckIssuer(claims["iss"], settings));
  GH_CHECK_OK(CheckAudience(claims["aud"], settings));
  GH_CHECK_OK(CheckBegun(claims, settings, now));
  GH_TRY(const WallTime end, CheckEnd(claims, settings, now));
  GH_CHECK_OK(CheckPurpose(claims, type));
  GH_CHECK_OK(CheckClient(claims, settings));
  GH_CHECK_OK(CheckUnbound(claims));
  GH_CHECK_OK(CheckScopes(claims, settings));
  return end;
}

base::Result<WallTime> CheckIntrospected(Value answer, const IssuerSettings& settings, WallTime now) {
  if (answer["active"].AsBool() != true) {
    return Refusal("The access token is not active: it has expired, or was revoked, or never was one.");
  }
  if (const Value iss = answer["iss"]; !iss.IsMissing()) GH_CHECK_OK(CheckIssuer(iss, settings));
  // Without audience, what else the token is bound to must be told from tokens for other services.
  const bool otherwise_bound = !settings.clients.empty() || !settings.scopes.empty();
  if (const Value aud = answer["aud"]; !aud.IsMissing() || !otherwise_bound) {
    GH_CHECK_OK(CheckAudience(aud, settings));
  }
  GH_CHECK_OK(CheckBegun(answer, settings, now));
  WallTime end = now + settings.max_lifetime;
  if (!answer["exp"].IsMissing()) {
    GH_TRY(end, CheckEnd(answer, settings, now));
  }
  GH_CHECK_OK(CheckClient(answer, settings));
  GH_CHECK_OK(CheckUnbound(answer));
  GH_CHECK_OK(CheckScopes(answer, settings));
  return end;
}

}  // namespace gatehouse::features::identity::oidc
