#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse::pipeline {

// One target that a public model name may be served by.
struct Offer {
  std::string provider;  // as configured
  std::string model;     // the provider's own name
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> max_output_tokens;
};

// What stands behind the public names, for stages that must know it before a target is chosen. Immutable.
class Offers {
 public:
  virtual ~Offers() = default;
  // Empty for a name that does not exist.
  virtual std::span<const Offer> Of(std::string_view model) const = 0;
};

}  // namespace gatehouse::pipeline
