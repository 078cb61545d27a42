#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
// `prefix` + their name, in the order of the body, unless they are null. A null `extra` ignores them. `spell` brings a
// client's spelling of a name to the table's.
template <class T, class Spell = std::identity>
base::Status ReadFields(const Node& node, std::span<const Field<T>> fields, T& out, std::vector<ExtraField>* extra,
                        std::string_view prefix = {}, Spell spell = {}) {
  GH_CHECK_OK(RequireObject(node));
  for (const auto member : node.value()) {
    const auto name = spell(member.key);
    const auto known = std::ranges::find(fields, name, &Field<T>::name);
    if (known != fields.end()) {
      GH_CHECK_OK(known->read(node.Member(member), out));
    } else if (extra != nullptr && !member.value.IsNull()) {
      extra->push_back({std::string(prefix).append(name), std::string(member.value.raw())});
    }
  }
  return base::Ok();
}

// Appends what `read` makes of each element of an array. Absent and null add nothing.
template <class T>
base::Status ReadEach(const Node& array, base::Result<T> (*read)(const Node& element), std::vector<T>& out) {
  GH_CHECK_OK(AllowArray(array));
  std::size_t index = 0;
  for (const auto element : array.value()) {
    GH_TRY(T value, read(array.Element(element.value, index++)));
    out.push_back(std::move(value));
  }
  return base::Ok();
}

// A word of reasoning effort; absent and null leave `out`.
base::Status ReadEffort(const Node& node, std::optional<Effort>& out);

}  // namespace gatehouse::llm::dialect::common
