#include "features/common/zone_files.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace gatehouse::features::common {
namespace {

using codec::cel::ZoneRules;

constexpr std::size_t kMaxKept = 2048;
constexpr std::uintmax_t kMaxFileBytes = 256 << 10;

std::shared_ptr<const ZoneRules> Read(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return nullptr;
  if (std::filesystem::file_size(path, failed) > kMaxFileBytes || failed) return nullptr;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto rules = ZoneRules::Parse(bytes);
  if (!rules.ok()) return nullptr;
  return std::make_shared<const ZoneRules>(std::move(rules).value());
}

}  // namespace

base::Result<std::shared_ptr<const ZoneRules>> ZoneFiles::Find(std::string_view name) const {
  std::shared_ptr<const ZoneRules> found;
  if (codec::cel::IsZoneName(name)) {
    const std::scoped_lock lock(mutex_);
    auto known = zones_.find(name);
    if (known == zones_.end()) {
      if (zones_.size() >= kMaxKept) zones_.clear();
      known = zones_.emplace(name, Read(std::filesystem::path(folder_) / name)).first;
    }
    found = known->second;
  }
  if (found != nullptr) return found;
  return base::InvalidRequest("there is no time zone `" + std::string(name.substr(0, 64)) +
                              "` on this machine; names are like Europe/Berlin or UTC (package tzdata)");
}

std::optional<std::int32_t> ZoneFiles::OffsetAt(std::string_view name, std::int64_t seconds_since_epoch) const {
  const auto zone = Find(name);
  if (!zone.ok()) return {};
  return zone.value()->OffsetAt(seconds_since_epoch);
}

}  // namespace gatehouse::features::common
