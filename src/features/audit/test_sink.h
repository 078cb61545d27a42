#pragma once

#include <string>
#include <utility>
#include <vector>

#include "features/audit/record.h"

namespace gatehouse::features::audit::testing {

// Remembers entries, and says they are on the disk when a test tells it to.
class TestSink final : public EntrySink {
 public:
  base::Result<std::uint64_t> Append(std::string_view entry, Durability durability,
                                     record::log::LogWriter::Told told) override {
    if (fails && durability != Durability::kAsync) {
      return base::Error{.code = base::ErrorCode::kUnavailable, .detail = "no room"};
    }
    entries.emplace_back(entry);
    durabilities.push_back(durability);
    if (told) waiting.push_back(std::move(told));
    return entries.size() - 1;
  }
  void TellAll(const base::Result<std::uint64_t>& durable) {
    for (auto& told : std::exchange(waiting, {})) told(durable);
  }

  bool fails = false;
  std::vector<std::string> entries;
  std::vector<Durability> durabilities;
  std::vector<record::log::LogWriter::Told> waiting;
};

}  // namespace gatehouse::features::audit::testing
