#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/cel/timestamp.h"
#include "codec/cel/zone_rules.h"

namespace gatehouse::features::common {

// The time zones of a folder of TZif files, read when they are first asked for and kept. Thread-safe.
class ZoneFiles final : public codec::cel::TimeZones {
 public:
  static constexpr std::string_view kSystemFolder = "/usr/share/zoneinfo";
  explicit ZoneFiles(std::string folder = std::string(kSystemFolder)) : folder_(std::move(folder)) {}

  // kInvalidRequest where there is no such zone, with a message that tells a person what a zone's name looks like.
  base::Result<std::shared_ptr<const codec::cel::ZoneRules>> Find(std::string_view name) const;
  std::optional<std::int32_t> OffsetAt(std::string_view name, std::int64_t seconds_since_epoch) const override;

 private:
  const std::string folder_;
  mutable std::mutex mutex_;
  // Guarded by mutex_; null where there is none. No more than there are names in the folder, and a bounded number of
  // wrong ones.
  mutable std::map<std::string, std::shared_ptr<const codec::cel::ZoneRules>, std::less<>> zones_;
};

}  // namespace gatehouse::features::common
