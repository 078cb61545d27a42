#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "features/accounting/treasury.h"
#include "features/common/notice.h"

namespace gatehouse::features::accounting {

// Where the node of a limit is.
struct NodeWords {
  std::vector<pipeline::NodeId> chain;  // from the organization to it
  std::string path;
};

// What people are told about a step of a limit: which, whose, how much of it is spent, until when it counts and what
// happens next. The same step of the same amount is the same event within its window, and within an hour where that is
// longer. `now` is in seconds since 1970.
common::Notice NoticeOf(const Passed& passed, NodeWords where, std::int64_t now);

// The highest step that what is spent has reached, as if it had just been passed; nullopt for none.
std::optional<Passed> ReachedStep(const Treasury::Standing& standing);

// One for each limit and window: of several steps that were passed together, the highest.
std::vector<Passed> HighestOf(std::vector<Passed> passed);

}  // namespace gatehouse::features::accounting
