#pragma once

#include <cstdint>
#include <string_view>

#include "features/identity/directory.h"
#include "features/identity/placement.h"

namespace gatehouse::features::identity {

// Places by the names in the tenancy tree: the organization, team and project must be there, so that nobody acts
// outside of every budget; the user, application or agent may be there. Whoever is suspended, or stands below what is,
// is denied.
class DirectoryPlacement final : public Placement {
 public:
  // `directory` outlives it.
  explicit DirectoryPlacement(const Directory& directory) : directory_(directory) {}

  base::Status Place(pipeline::Principal& principal) const override;
  std::uint64_t version() const override { return directory_.version(); }

 private:
  // Adds the child of that name to the chain; absent: the child may be missing.
  enum class Absence : std::uint8_t { kRefused, kAllowed };
  base::Status Step(pipeline::Principal& principal, NodeKind kind, std::string_view name, Absence absence) const;

  const Directory& directory_;
};

}  // namespace gatehouse::features::identity
