#include "providers/common/capability_list.h"

#include <cstddef>

namespace gatehouse::providers::common {

pipeline::Capabilities CapabilityList(std::initializer_list<pipeline::Capability> list) {
  pipeline::Capabilities set;
  for (const auto capability : list) set.set(static_cast<std::size_t>(capability));
  return set;
}

pipeline::Capabilities ReadCapabilities(const codec::config::Node& node, pipeline::Capabilities otherwise) {
  if (!node.IsPresent()) return otherwise;
  pipeline::Capabilities set;
  for (const auto& element : node.Elements()) {
    const auto name = element.AsString();
    if (!name) continue;
    if (const auto capability = pipeline::ParseCapability(*name)) {
      set.set(static_cast<std::size_t>(*capability));
    } else {
      element.AddProblem("unknown capability `" + *name + "`");
    }
  }
  return set;
}

}  // namespace gatehouse::providers::common
