#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "pipeline/principal.h"

// From what an identity provider says of somebody to a principal of this gateway. What it says is never taken raw: a
// role, team or project is given only by a rule of the configuration, and the organization by the configuration alone.
namespace gatehouse::features::identity {

// The values of one claim: of its text, or of the texts in its array; for `scope` and `scp` (RFC 8693, 4.2) also the
// words of the text. `path` names a claim, or with dots a claim within one ("realm_access.roles"); a claim whose own
// name has dots comes first.
std::vector<std::string> ValuesOf(codec::json::Value claims, std::string_view path);

struct MappingRule {
  std::string claim;
  std::string value;  // one of the claim's values; "*": any
  std::string team;   // "" leaves it to others
  std::string project;
  std::vector<std::string> roles;
  std::vector<std::string> models;

  bool operator==(const MappingRule&) const = default;
};

struct Mapping {
  std::string organization;
  std::string team;     // of those whom no rule places
  std::string project;  // the same
  std::string subject = "sub";
  std::string groups = "groups";
  enum class Kind : std::uint8_t {
    kByToken,  // an application where the token was given to a client on its own behalf (`sub` is its client's id)
    kUser,
    kApplication,
    kAgent,
  };
  Kind kind = Kind::kByToken;
  std::vector<MappingRule> rules;
  // Whom no rule matches.
  enum class Others : std::uint8_t { kAdmitted, kRefused } others = Others::kAdmitted;

  bool operator==(const Mapping&) const = default;
};

// The principal that verified claims stand for: the first matching rule that names a team or project places it, and all
// matching rules add their roles and models. kUnauthenticated where no subject is named, kDenied where no rule matches
// and others are refused.
base::Result<pipeline::Principal> MapClaims(codec::json::Value claims, const Mapping& mapping,
                                            pipeline::Authentication how);

}  // namespace gatehouse::features::identity
