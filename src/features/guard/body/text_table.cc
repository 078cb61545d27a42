#include "features/guard/body/text_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "features/guard/body/dialect_rules.h"

namespace gatehouse::features::guard {
namespace {

constexpr std::size_t kKinds = 3;
constexpr std::size_t kDialects = static_cast<std::size_t>(llm::DialectId::kCohere) + 1;

Voice VoiceOf(BodyKind kind) { return kind == BodyKind::kRequest ? Voice::kUser : Voice::kOutput; }

}  // namespace

TextTable::TextTable(Voice voice, Content content, std::span<const RulePart> parts) {
  places_.push_back({.content = content, .voice = voice, .members = {}});
  for (const RulePart& part : parts) {
    for (const TextRule& rule : part.rules) {
      Place& place = places_[Path(Path(0, part.under), rule.path)];
      place.content = rule.content;
      if (rule.voice != Voice::kInherited) place.voice = rule.voice;
    }
  }
  for (Place& place : places_) Index(place);
}

void TextTable::Index(Place& place) {
  if (place.members.empty()) return;
  place.slots.resize(std::bit_ceil(place.members.size() * 4));
  for (std::size_t at = 0; at < place.members.size(); ++at) {
    std::size_t slot = SlotOf(place.members[at].first, place.slots.size());
    while (place.slots[slot] != 0) slot = (slot + 1) & (place.slots.size() - 1);
    place.slots[slot] = static_cast<std::uint16_t>(at + 1);
  }
}

std::uint32_t TextTable::Path(std::uint32_t place, std::string_view path) {
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    place = Child(place, path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return place;
}

std::uint32_t TextTable::Child(std::uint32_t place, std::string_view step) {
  const auto fresh = static_cast<std::uint32_t>(places_.size());
  if (step == "*") {
    if (places_[place].any != 0) return places_[place].any;
    places_[place].any = fresh;
  } else {
    auto& members = places_[place].members;
    const auto found = std::ranges::find(members, step, &std::pair<std::string_view, std::uint32_t>::first);
    if (found != members.end()) return found->second;
    members.emplace_back(step, fresh);
  }
  places_.emplace_back();
  return fresh;
}

const TextTable::Place* TextTable::Member(const Place& place, std::string_view name) const {
  if (place.slots.empty() || name.empty()) return Element(place);
  for (std::size_t slot = SlotOf(name, place.slots.size()); place.slots[slot] != 0;) {
    const auto& [member, index] = place.members[place.slots[slot] - 1];
    if (member == name) return &places_[index];
    slot = (slot + 1) & (place.slots.size() - 1);
  }
  return Element(place);
}

TextTables::TextTables() {
  constexpr std::array kVoices = {Voice::kSystem,        Voice::kUser,     Voice::kAssistant,
                                  Voice::kToolResult,    Voice::kDocument, Voice::kToolDescriptor,
                                  Voice::kToolArguments, Voice::kOutput};  // in the order of channels
  static_assert(kVoices.size() == inspect::kChannels);
  for (const Voice voice : kVoices) free_.emplace_back(voice, Content::kFree, std::span<const RulePart>());
  for (std::size_t dialect = 0; dialect < kDialects; ++dialect) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      const auto body = static_cast<BodyKind>(kind);
      tables_.emplace_back(VoiceOf(body), Content::kText, RulesOf(static_cast<llm::DialectId>(dialect), body));
    }
  }
}

const TextTable& TextTables::Of(llm::DialectId dialect, BodyKind kind) const {
  return tables_[static_cast<std::size_t>(dialect) * kKinds + static_cast<std::size_t>(kind)];
}

}  // namespace gatehouse::features::guard
