#include "inspect/secret/name_index.h"

#include <algorithm>

#include "inspect/secret/assignment.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr std::size_t kPrefix = 3;  // bytes of a name that its slot is of

unsigned Folded(char byte) { return static_cast<unsigned char>(byte) | 0x20U; }

constexpr std::string_view kSpace = " \t\r\n\v\f";

// Where the value ends, if there is one; npos where it has not ended, or may still come.
std::size_t ValueEnd(std::string_view text, std::size_t name_end) {
  const Assignment assignment = ReadAssignment(text, name_end);
  if (assignment.state == Assignment::State::kNone) return name_end;
  if (assignment.state == Assignment::State::kOpen) return std::string_view::npos;
  return text.find_first_of(kSpace, assignment.value);
}

// The same for a value that follows without an operator: behind the rest of the name and blanks there is one word.
std::size_t LooseValueEnd(std::string_view text, std::size_t name_end) {
  const std::size_t blank = std::min(text.find_first_of(kSpace, name_end), text.size());
  const std::size_t value = std::min(text.find_first_not_of(kSpace, blank), text.size());
  if (value - name_end > kLongestAssignment) return name_end;
  return text.find_first_of(kSpace, value);
}

}  // namespace

std::size_t NameIndex::Slot(std::string_view at) {
  return ((Folded(at[0]) << 7U) ^ (Folded(at[1]) << 4U) ^ Folded(at[2])) % kSlots;
}

void NameIndex::Add(std::string_view name, Form form) {
  if (name.size() < kPrefix) return;
  const std::size_t slot = Slot(name);
  slots_.set(slot);
  const auto at = std::ranges::upper_bound(entries_, slot, {}, &Entry::slot);
  entries_.insert(at, {.slot = slot, .name = std::string(name), .form = form});
  longest_ = std::max(longest_, name.size());
}

bool NameIndex::ReachesOver(std::string_view text, std::size_t begin, std::size_t seam) const {
  const auto same_slot = std::ranges::equal_range(entries_, Slot(text.substr(begin, kPrefix)), {}, &Entry::slot);
  return std::ranges::any_of(same_slot, [&](const Entry& entry) {
    const std::size_t end = begin + entry.name.size();
    if (end > text.size() || !EqualsFolded(text.substr(begin, entry.name.size()), entry.name)) return false;
    if (ValueEnd(text, end) > seam) return true;
    return entry.form == Form::kLoose && LooseValueEnd(text, end) > seam;
  });
}

std::size_t NameIndex::OpenFrom(std::string_view text, std::size_t seam) const {
  const std::size_t last = std::min(seam, text.size() - std::min(text.size(), kPrefix - 1));
  for (std::size_t at = seam - std::min(seam, kLongestAssignment + longest_); at < last; ++at) {
    if (slots_[Slot(text.substr(at, kPrefix))] && ReachesOver(text, at, seam)) return NameBegin(text, at);
  }
  return seam;
}

}  // namespace gatehouse::inspect::secret
