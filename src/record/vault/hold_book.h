#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "record/vault/legal_hold.h"

namespace gatehouse::record::vault {

// The file `holds` of a vault (docs/formats/vault-blob.md). Errors say what is wrong with it.
base::Result<std::vector<PlacedHold>> ParseHolds(std::string_view text);
std::string FormatHolds(const std::vector<PlacedHold>& holds);

// The legal holds that people placed, in one file beside the vault's blobs, which is replaced as a whole: after the end
// of a process each is there or not, as it was said. What was lifted is remembered, as long as there is room.
//
// Any thread; changes block on the disk. The owner of the vault owns it.
class HoldBook {
 public:
  static constexpr std::size_t kMostInForce = 1000;
  static constexpr std::size_t kMostLifted = 1000;  // the oldest go

  // After each of these a test may end the process.
  enum class Step : std::uint8_t { kWritten, kNamed };
  struct Options {
    std::function<void(Step)> after_step;
  };
  // kInvalidRequest where there is a file that is none: without it nobody knows what may not go.
  static base::Result<std::unique_ptr<HoldBook>> Open(const std::filesystem::path& folder, Options options = {});

  // Oldest first; those that were lifted are among them.
  std::vector<PlacedHold> holds() const;
  // In force when it returns. kConflict: one of the name is in force; kTooLarge: there are as many as there may be.
  base::Status Place(PlacedHold hold);
  // kNotFound: none of the name is in force.
  base::Status Lift(std::string_view name, PlacedHold::Act act);

 private:
  HoldBook(std::filesystem::path folder, Options options) : folder_(std::move(folder)), options_(std::move(options)) {}
  base::Status Replace(std::vector<PlacedHold> holds);

  const std::filesystem::path folder_;
  const Options options_;
  mutable std::mutex mutex_;
  std::vector<PlacedHold> holds_;  // guarded by mutex_
};

}  // namespace gatehouse::record::vault
