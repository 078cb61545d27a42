#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/principal.h"

namespace gatehouse::features::common {

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };

inline std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kCritical: return "critical";
  }
  return "";
}

// Something that people should be told of, as the part of the program puts it that noticed it. A value. Texts are for
// people; none of them has a secret.
struct Notice {
  std::string kind;  // "budget.threshold": one of kNoticeKinds
  // The same for the same event on every gateway and after every restart, and of no other: it is told once.
  std::string key;
  Severity severity = Severity::kWarning;
  std::vector<pipeline::NodeId> chain;  // from the organization to the node concerned; empty: the gateway itself
  std::string path;                     // of that node
  std::string title;                    // a line
  std::string text;
  // The same for programs: names are fixed, values are numbers, names and times.
  std::vector<std::pair<std::string, std::string>> facts;
  // Whether the matter goes on until somebody does something: such are told again where that is configured.
  enum class Lasts : std::uint8_t { kNo, kUntilMended } lasts = Lasts::kNo;
  // What the database's own failure is about cannot wait for the database.
  enum class Needs : std::uint8_t { kDatabase, kNothing } needs = Needs::kDatabase;
};

inline constexpr std::string_view kBudgetThreshold = "budget.threshold";
inline constexpr std::string_view kBudgetUsedUp = "budget.used_up";
inline constexpr std::string_view kRowsInDoubt = "ledger.in_doubt";
inline constexpr std::string_view kLedgerBehind = "ledger.behind";
inline constexpr std::string_view kJournalFull = "journal.nearly_full";
inline constexpr std::string_view kPriceSuspicious = "price.suspicious";
inline constexpr std::string_view kProviderDown = "provider.down";
inline constexpr std::string_view kApprovalWaiting = "approval.waiting";
inline constexpr std::string_view kReviewNotFine = "review.not_fine";
inline constexpr std::string_view kReviewOverdue = "review.overdue";
inline constexpr std::string_view kTestNotice = "alert.test";  // what somebody asked for, to see whether it arrives

inline constexpr std::string_view kNoticeKinds[] = {kBudgetThreshold, kBudgetUsedUp,    kRowsInDoubt,  kLedgerBehind,
                                                    kJournalFull,     kPriceSuspicious, kProviderDown, kApprovalWaiting,
                                                    kReviewNotFine,   kReviewOverdue};

}  // namespace gatehouse::features::common
