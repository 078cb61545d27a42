#include "record/log/entry_scan.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gatehouse::record::log {
namespace {

constexpr std::string_view kTime = "\"ts\":";
constexpr std::string_view kSequence = "\"seq\":";
constexpr std::string_view kClockEntry = "\"t\":\"clock.";
constexpr std::string_view kRotation = "\"t\":\"log.key_rotated\"";
// How entries that heartbeats are compared with begin.
constexpr std::string_view kHeartbeat = R"({"v":1,"t":"heartbeat")";
constexpr std::string_view kNode = R"({"v":1,"t":"node.)";
constexpr std::string_view kClock = R"({"v":1,"t":"clock.)";
constexpr std::string_view kEvery = "\"every_ms\":";
constexpr std::uint64_t kMicroseconds = 1'000'000;
// An entry about the clock comes that many entries behind the first one with the new time, at most.
constexpr std::uint64_t kExplainedWithin = 100'000;
// Entries are numbered before they are in the log, and may overtake one another.
constexpr std::size_t kOutOfOrder = 10'000;

// A number that a member has; 0 for none.
std::uint64_t NumberOf(std::string_view entry, std::string_view member) {
  const std::size_t at = entry.find(member);
  if (at == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  const std::string_view digits = entry.substr(at + member.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
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
  const std::uint64_t time = NumberOf(entry, kTime);
  if (time == 0) return {};
  if (entry.find(kClockEntry) != std::string_view::npos) {
    latest_ = time;
    open_.reset();
    return {};
  }
  const bool back = time + tolerance_ < latest_;
  std::optional<Fault> told;
  if (back || (open_ && index > open_->index + kExplainedWithin)) told = std::exchange(open_, {});
  if (back) {
    open_ = Make(Fault::Kind::kBackdated, index,
                 "says it is " + std::to_string((latest_ - time) / kMicroseconds) + " s older than an entry before it");
  }
  // Told once for each step back.
  latest_ = back ? time : std::max(latest_, time);
  return told;
}

std::optional<Fault> TimeOrder::Finish() { return std::exchange(open_, {}); }

std::vector<Gap> SequenceOrder::Look(std::uint64_t index, std::string_view entry) {
  std::vector<Gap> gaps;
  const std::uint64_t number = NumberOf(entry, kSequence);
  if (number == 0) return gaps;
  // A process begins anew.
  if (number == 1 && (next_ > 1 || !ahead_.empty())) Close(index, gaps);
  last_index_ = index;
  if (number > next_) {
    ahead_.insert(number);
  } else if (number == next_) {
    ++next_;
  }
  for (;;) {
    while (!ahead_.empty() && *ahead_.begin() == next_) {
      ahead_.erase(ahead_.begin());
      ++next_;
    }
    if (ahead_.size() <= kOutOfOrder) return gaps;
    Skip(index, gaps);
  }
}

std::vector<Gap> SequenceOrder::Finish() {
  std::vector<Gap> gaps;
  Close(last_index_, gaps);
  return gaps;
}

// What is missing now will not come any more.
void SequenceOrder::Close(std::uint64_t index, std::vector<Gap>& gaps) {
  while (!ahead_.empty()) {
    if (*ahead_.begin() != next_) Skip(index, gaps);
    ahead_.erase(ahead_.begin());
    ++next_;
  }
  next_ = 1;
}

void SequenceOrder::Skip(std::uint64_t index, std::vector<Gap>& gaps) {
  const std::uint64_t to = *ahead_.begin();
  const std::string many = to == next_ + 1 ? "" : " to " + std::to_string(to - 1);
  gaps.push_back({.index = index,
                  .what = "before entry " + std::to_string(index) + " the numbers " + std::to_string(next_) + many +
                          " are missing: they could not be written"});
  next_ = to;
}

std::optional<Gap> HeartbeatOrder::Look(std::uint64_t index, std::string_view entry) {
  if (entry.starts_with(kNode) || entry.starts_with(kClock)) last_us_ = 0;
  if (!entry.starts_with(kHeartbeat)) return {};
  const std::uint64_t now = NumberOf(entry, kTime);
  const std::uint64_t since = std::exchange(last_us_, now);
  const std::uint64_t every = std::exchange(every_us_, NumberOf(entry, kEvery) * 1000);
  // One may be late, by a machine that is busy.
  if (since == 0 || every == 0 || now < since + 3 * every) return {};
  return Gap{.index = index,
             .what = "before entry " + std::to_string(index) + " heartbeats are missing: there was none for " +
                     std::to_string((now - since) / kMicroseconds) + " s, and one is due every " +
                     std::to_string(every / 1000) + " ms"};
}

std::optional<RotatedKey> ReadRotation(std::uint64_t index, std::string_view entry) {
  if (entry.find(kRotation) == std::string_view::npos) return {};
  return RotatedKey{.index = index, .old_key = TextOf(entry, "old_key"), .new_key = TextOf(entry, "new_key")};
}

}  // namespace gatehouse::record::log
