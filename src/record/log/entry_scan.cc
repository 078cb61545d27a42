#include "record/log/entry_scan.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gatehouse::record::log {
namespace {

constexpr std::string_view kTime = "\"ts\":";
constexpr std::string_view kClockEntry = "\"t\":\"clock.";
constexpr std::string_view kRotation = "\"t\":\"log.key_rotated\"";
constexpr std::uint64_t kMicroseconds = 1'000'000;

std::uint64_t TimeOf(std::string_view entry) {
  const std::size_t at = entry.find(kTime);
  if (at == std::string_view::npos) return 0;
  std::uint64_t time = 0;
  const std::string_view digits = entry.substr(at + kTime.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), time);
  return time;
}

// The text of a member that has no escapes in it, as names of keys have not.
std::string TextOf(std::string_view entry, std::string_view member) {
  const std::string begin = "\"" + std::string(member) + "\":\"";
  const std::size_t at = entry.find(begin);
  if (at == std::string_view::npos) return {};
  entry.remove_prefix(at + begin.size());
  return std::string(entry.substr(0, entry.find('"')));
}

Fault Make(Fault::Kind kind, std::uint64_t index, std::string what) {
  return {.kind = kind, .index = index, .what = "entry " + std::to_string(index) + " " + std::move(what)};
}

}  // namespace

std::optional<Fault> FindFault(const BundleHashes& hashes) {
  const auto& [first, found, stored] = hashes;
  if (stored.empty()) return {};
  const std::size_t both = std::min(found.size(), stored.size());
  const auto differs = std::ranges::mismatch(found, stored).in1 - found.begin();
  const auto at = static_cast<std::size_t>(differs);
  if (at == stored.size()) return {};
  const std::uint64_t index = first + at;
  if (at == found.size())
    return Make(Fault::Kind::kBundleMissing, index, "and those behind it are cut off their bundle");
  if (at + 1 < stored.size() && found[at] == stored[at + 1]) {
    return Make(Fault::Kind::kEntryMissing, index, "was taken out; those behind it moved up");
  }
  if (at + 1 < found.size() && found[at + 1] == stored[at]) {
    return Make(Fault::Kind::kEntryInserted, index, "was put in; those behind it moved down");
  }
  for (std::size_t other = at + 1; other < both; ++other) {
    if (found[at] == stored[other]) {
      return Make(Fault::Kind::kEntryMoved, index, "is where entry " + std::to_string(first + other) + " belongs");
    }
  }
  return Make(Fault::Kind::kEntryChanged, index, "was changed");
}

TimeOrder::TimeOrder(std::uint64_t tolerance_seconds) : tolerance_(tolerance_seconds * kMicroseconds) {}

std::optional<Fault> TimeOrder::Look(std::uint64_t index, std::string_view entry) {
  const std::uint64_t time = TimeOf(entry);
  if (time == 0) return {};
  const bool back = time + tolerance_ < latest_;
  const std::uint64_t before = latest_;
  // Told once for each step back.
  latest_ = back ? time : std::max(latest_, time);
  if (!back || entry.find(kClockEntry) != std::string_view::npos) return {};
  return Make(Fault::Kind::kBackdated, index,
              "says it is " + std::to_string((before - time) / kMicroseconds) + " s older than an entry before it");
}

std::optional<RotatedKey> ReadRotation(std::uint64_t index, std::string_view entry) {
  if (entry.find(kRotation) == std::string_view::npos) return {};
  return RotatedKey{.index = index, .old_key = TextOf(entry, "old_key"), .new_key = TextOf(entry, "new_key")};
}

}  // namespace gatehouse::record::log
