#include "codec/json/splice.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "codec/json/writer.h"

namespace gatehouse::codec::json {
namespace {

std::size_t EndOf(Value value) { return value.offset() + value.raw().size(); }

const MemberChange* Find(std::span<const MemberChange> changes, std::string_view name) {
  const auto found = std::ranges::find(changes, name, &MemberChange::name);
  return found == changes.end() ? nullptr : &*found;
}

bool Goes(std::span<const MemberChange> changes, std::string_view name) {
  const auto* const change = Find(changes, name);
  return change != nullptr && !change->json;
}

// A member that goes takes along the comma before it, or the one behind it where no member stays before.
std::size_t ReplaceAndErase(Value object, std::span<const MemberChange> changes, std::vector<Edit>& edits) {
  std::size_t kept = 0;
  std::size_t previous_end = object.offset() + 1;
  for (auto i = object.begin(); i != object.end();) {
    const Value::Member member = *i++;
    const std::size_t end = EndOf(member.value);
    const auto* const change = Find(changes, member.key);
    if (!Goes(changes, member.key)) {
      ++kept;
      if (change != nullptr) edits.push_back(Replace(member.value, *change->json));
    } else if (kept > 0) {
      edits.push_back({previous_end, end - previous_end, {}});
    } else {
      const std::size_t stop = i == object.end() ? end : (*i).key_offset;
      edits.push_back({member.key_offset, stop - member.key_offset, {}});
    }
    previous_end = end;
  }
  return kept;
}

// Behind the last member, or behind the bracket of an object that has none.
std::size_t InsertionPoint(Value object) {
  std::size_t point = object.offset() + 1;
  for (const auto& member : object) point = EndOf(member.value);
  return point;
}

// By offset; edits at the same one in the order given.
std::vector<const Edit*> InOrder(std::span<const Edit> edits) {
  std::vector<const Edit*> ordered;
  ordered.reserve(edits.size());
  for (const auto& edit : edits) ordered.push_back(&edit);
  std::ranges::sort(
      ordered, [](const Edit* a, const Edit* b) { return a->offset != b->offset ? a->offset < b->offset : a < b; });
  return ordered;
}

}  // namespace

std::string Apply(std::string_view text, std::span<const Edit> edits) {
  std::size_t size = text.size();
  for (const auto& edit : edits) size += edit.replacement.size();
  std::string out;
  out.reserve(size);
  std::size_t at = 0;
  for (const auto* const ordered : InOrder(edits)) {
    const Edit& edit = *ordered;
    GH_CHECK(edit.offset >= at && edit.offset <= text.size() && edit.length <= text.size() - edit.offset);
    out.append(text.substr(at, edit.offset - at)).append(edit.replacement);
    at = edit.offset + edit.length;
  }
  return out.append(text.substr(at));
}

Edit Replace(Value value, std::string json) {
  GH_CHECK(!value.IsMissing());
  return {value.offset(), value.raw().size(), std::move(json)};
}

std::vector<Edit> ChangeMembers(Value object, std::span<const MemberChange> changes) {
  GH_CHECK(object.IsObject());
  std::vector<Edit> edits;
  std::size_t members = ReplaceAndErase(object, changes, edits);
  std::string added;
  for (const auto& change : changes) {
    if (!change.json || !object[change.name].IsMissing()) continue;
    if (members++ > 0) added += ',';
    AppendQuoted(added, change.name);
    added.append(1, ':').append(*change.json);
  }
  if (!added.empty()) edits.push_back({InsertionPoint(object), 0, std::move(added)});
  return edits;
}

std::string WithMember(std::string_view text, Value object, std::string_view name, std::string json) {
  const MemberChange change{name, std::move(json)};
  return Apply(text, ChangeMembers(object, {&change, 1}));
}

}  // namespace gatehouse::codec::json
