#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

// Manifests of Kubernetes that have secrets in them.
namespace gatehouse::inspect::secret {

// The values of `data` in a manifest of `kind: Secret`; `kind_end` is behind "kind:".
std::vector<Span> KubernetesSecretAt(std::string_view text, std::size_t kind_end);

// Where the "kind: Secret" begins whose data may be behind `seam`; `seam` where there is none.
std::size_t OpenKubernetesSecret(std::string_view text, std::size_t seam);

}  // namespace gatehouse::inspect::secret
