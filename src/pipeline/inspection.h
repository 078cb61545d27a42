#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/channel.h"
#include "inspect/finding.h"

// What an inspection of an exchange's texts came to. For the log, the ledger and the record; it holds no content.
namespace gatehouse::pipeline {

// Which way a text went.
enum class Side : std::uint8_t { kRequest, kAnswer };

std::string_view ToString(Side side);  // "request", "answer"

// What was seen, and what was done about it; equal ones are counted together.
struct InspectionNote {
  Side side = Side::kRequest;
  inspect::Channel channel = inspect::Channel::kUser;
  inspect::Category category = inspect::Category::kPii;
  std::string entity;
  std::string rule;          // the rule that had the last word; "" where none was about it
  std::string_view measure;  // what was done: "none", "annotate", "mask", ..., "deny", "shadow"
  std::uint32_t count = 1;
};

// Attached to an exchange that was inspected. An exchange without one was not.
struct InspectionReport {
  std::vector<InspectionNote> notes;
  std::uint64_t scanned_bytes = 0;
  // Why something was not looked at, each reason once: "media", "encrypted", "opaque", "hook", "part".
  std::vector<std::string_view> not_scanned;
  std::uint32_t restored = 0;  // tokens that were put back into the answer

  void Note(InspectionNote note);
  void NoteUnscanned(std::string_view reason);
};

}  // namespace gatehouse::pipeline
