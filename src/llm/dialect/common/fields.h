#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/chat.h"
#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::common {

// One known member of an object: its name and how it is read into a T. A dialect's grammar is a table of these.
template <class T>
struct Field {
  std::string_view name;
  base::Status (*read)(const Node& node, T& out);
};

// Reads every member of `node` (an object) by the table; members that the table does not name go to `extra` under
// `prefix` + their name, in the order of the body. A null `extra` ignores them.
template <class T>
base::Status ReadFields(const Node& node, std::span<const Field<T>> fields, T& out, std::vector<ExtraField>* extra,
                        std::string_view prefix = {}) {
  GH_CHECK_OK(RequireObject(node));
  for (const auto member : node.value()) {
    const Field<T>* known = nullptr;
    for (const auto& field : fields) {
      if (field.name == member.key) known = &field;
    }
    if (known != nullptr) {
      GH_CHECK_OK(known->read(node.Member(member), out));
    } else if (extra != nullptr) {
      extra->push_back({std::string(prefix).append(member.key), std::string(member.value.raw())});
    }
  }
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::common
