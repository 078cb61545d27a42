#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "features/audit/record.h"

namespace gatehouse::features::audit::testing {

// Remembers entries, and says that they are on the disk when a test has it do so.
class TestSink final : public EntrySink {
 public:
  base::Result<std::uint64_t> Append(std::string_view entry, Durability durability,
                                     record::log::LogWriter::Told told) override {
    if (fails && durability != Durability::kAsync) {
      return base::Error{.code = base::ErrorCode::kUnavailable, .detail = "no room"};
    }
    std::uint64_t index = 0;
    {
      const std::scoped_lock lock(mutex);
      index = entries.size();
      entries.emplace_back(entry);
      durabilities.push_back(durability);
      if (told && !tells) waiting.push_back(std::move(told));
    }
    if (told) told(index);
    return index;
  }
  void TellAll(const base::Result<std::uint64_t>& durable) {
    for (auto& told : std::exchange(waiting, {})) told(durable);
  }

  bool fails = false;
  bool tells = false;  // that it is on the disk, at once
  std::mutex mutex;    // guards what follows, for those who append on threads
  std::vector<std::string> entries;
  std::vector<Durability> durabilities;
  std::vector<record::log::LogWriter::Told> waiting;
};

}  // namespace gatehouse::features::audit::testing
