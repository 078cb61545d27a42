#pragma once

#include <map>
#include <mutex>
#include <string>

#include "codec/cel/timestamp.h"
#include "codec/cel/zone_rules.h"

namespace gatehouse::codec::cel {

// Time zones from the system's tz database, each file read once.
class ZoneFiles final : public TimeZones {
 public:
  explicit ZoneFiles(std::string folder) : folder_(std::move(folder)) {}
  std::optional<std::int32_t> OffsetAt(std::string_view name, std::int64_t seconds) const override;

 private:
  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::optional<ZoneRules>, std::less<>> zones_;
};

}  // namespace gatehouse::codec::cel
