#include "zone_files.h"

#include <fstream>
#include <iterator>

namespace gatehouse::codec::cel {

std::optional<std::int32_t> ZoneFiles::OffsetAt(std::string_view name, std::int64_t seconds) const {
  if (!IsZoneName(name)) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  auto found = zones_.find(name);
  if (found == zones_.end()) {
    std::ifstream file(folder_ + "/" + std::string(name), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    auto rules = ZoneRules::Parse(bytes);
    found = zones_.emplace(name, rules.ok() ? std::optional(std::move(rules).value()) : std::nullopt).first;
  }
  return found->second.has_value() ? std::optional(found->second->OffsetAt(seconds)) : std::nullopt;
}

}  // namespace gatehouse::codec::cel
