#include "pipeline/inspection.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gatehouse::pipeline {

std::string_view ToString(Side side) { return side == Side::kRequest ? "request" : "answer"; }

void InspectionReport::Note(InspectionNote note) {
  const auto key = [](const InspectionNote& n) { return std::tie(n.side, n.channel, n.entity, n.rule, n.measure); };
  const auto same = std::ranges::find_if(notes, [&](const InspectionNote& n) { return key(n) == key(note); });
  if (same != notes.end()) {
    same->count += note.count;
  } else {
    notes.push_back(std::move(note));
  }
}

void InspectionReport::NoteUnscanned(std::string_view reason) {
  if (std::ranges::find(not_scanned, reason) == not_scanned.end()) not_scanned.push_back(reason);
}

}  // namespace gatehouse::pipeline
