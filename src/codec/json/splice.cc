#include "codec/json/splice.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "codec/json/writer.h"

namespace gatehouse::codec::json {
namespace {

std::size_t EndOf(Value value) { return value.offset() + value.raw().size(); }

constexpr std::size_t kMostChanges = 64;

// What a walk over the members of an object finds.
struct Members {
  std::uint64_t changed = 0;  // a bit for each change whose member is there
  std::size_t kept = 0;
  std::size_t end = 0;  // behind the last one, or behind the bracket of an object that has none
};

// A member that goes takes along the comma before it, or the one behind it where no member stays before.
Members ReplaceAndErase(Value object, std::span<const MemberChange> changes, std::vector<Edit>& edits) {
  Members members{.end = object.offset() + 1};
  for (auto i = object.begin(); i != object.end();) {
    const Value::Member member = *i++;
    const std::size_t end = EndOf(member.value);
    const auto change = std::ranges::find(changes, member.key, &MemberChange::name);
    const bool stays = change == changes.end() || change->json;
    if (change != changes.end()) members.changed |= std::uint64_t{1} << (change - changes.begin());
    if (stays) {
      ++members.kept;
      if (change != changes.end()) edits.push_back(Replace(member.value, *change->json));
    } else if (members.kept > 0) {
      edits.push_back({members.end, end - members.end, {}});
    } else {
      const std::size_t stop = i == object.end() ? end : (*i).key_offset;
      edits.push_back({member.key_offset, stop - member.key_offset, {}});
    }
    members.end = end;
  }
  return members;
}

// By offset; edits at the same one in the order given.
std::vector<const Edit*> InOrder(std::span<const Edit> edits) {
  std::vector<const Edit*> ordered;
  ordered.reserve(edits.size());
  for (const auto& edit : edits) ordered.push_back(&edit);
  if (std::ranges::is_sorted(edits, {}, &Edit::offset)) return ordered;
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
  GH_CHECK(object.IsObject() && changes.size() <= kMostChanges);
  std::vector<Edit> edits;
  edits.reserve(changes.size());
  Members members = ReplaceAndErase(object, changes, edits);
  std::string added;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const MemberChange& change = changes[i];
    if (!change.json || (members.changed >> i & 1U) != 0) continue;
    if (members.kept++ > 0) added += ',';
    AppendQuoted(added, change.name);
    added.append(1, ':').append(*change.json);
  }
  if (!added.empty()) edits.push_back({members.end, 0, std::move(added)});
  return edits;
}

std::string WithMember(std::string_view text, Value object, std::string_view name, std::string json) {
  const MemberChange change{name, std::move(json)};
  return Apply(text, ChangeMembers(object, {&change, 1}));
}

}  // namespace gatehouse::codec::json
