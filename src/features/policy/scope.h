#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/principal.h"
#include "pipeline/surface.h"

namespace gatehouse::features::policy {

using Surfaces = std::bitset<pipeline::kSurfaces>;

// Who asks for what: all that a rule's scope looks at. Views that outlive it.
struct Subject {
  const pipeline::Principal& principal;
  pipeline::Surface surface;
  std::string_view model;  // the public name
  // An opaque request can name a model where nobody looks: what is in `model` is then a guess.
  enum class Model : std::uint8_t { kKnown, kUnknown } knows_model = Model::kKnown;
};

// Whether `*` (any run of characters) and `?` (any one) in the pattern can be filled to give the text.
bool GlobMatches(std::string_view pattern, std::string_view text);

// A place in the tree of principals, "acme/research": itself and all below it. A step may be a glob; what a principal
// lacks is an empty step, which `*` matches.
class PrincipalPattern {
 public:
  explicit PrincipalPattern(std::string_view text);
  bool Matches(const pipeline::Principal& principal) const;
  std::size_t depth() const { return steps_.size(); }

  static constexpr std::size_t kDepth = 4;  // organization, team, project, name

 private:
  std::vector<std::string> steps_;
};

// The requests that a rule is about. All lists that are not empty must have something that matches. Immutable.
struct Scope {
  std::vector<PrincipalPattern> principals;
  std::vector<std::string> groups;
  Surfaces surfaces = Surfaces().set();
  std::vector<std::string> models;  // globs of public names

  // `unknown` says whether the rule is about a request whose model is unknown, where it names models.
  enum class UnknownModel : std::uint8_t { kCovered, kNotCovered };
  bool Covers(const Subject& subject, UnknownModel unknown) const;
};

}  // namespace gatehouse::features::policy
