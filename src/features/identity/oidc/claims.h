#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "codec/json/document.h"
#include "features/identity/oidc/issuer_settings.h"

namespace gatehouse::features::identity::oidc {

// How deep and large the claims of a token may be.
inline constexpr codec::json::Limits kClaimLimits = {.depth = 16, .values = 4096};

// Whether claims whose signature holds are acceptable now (RFC 7519, 4.1; RFC 9068, 4; RFC 8725): from this issuer, for
// us, begun and not over, not made for longer than allowed, for a client that may, and no other kind of token. Where
// they are, the time after which they no longer are, skew included. Errors are kUnauthenticated and name the claim;
// kDenied where only a scope is missing. `type` is the header's.
base::Result<base::WallTime> CheckClaims(codec::json::Value claims, std::string_view type,
                                         const IssuerSettings& settings, base::WallTime now);

// The same for the answer of an introspection, where the issuer has done the checks (RFC 7662, 2.2) and most members
// may be missing: what is there must fit.
base::Result<base::WallTime> CheckIntrospected(codec::json::Value answer, const IssuerSettings& settings,
                                               base::WallTime now);

}  // namespace gatehouse::features::identity::oidc
