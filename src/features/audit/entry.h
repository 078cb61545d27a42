#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "pipeline/exchange.h"
#include "pipeline/observer.h"

// Entries of the record: docs/formats/record-entry.md.
namespace gatehouse::features::audit {

// What every entry begins with.
struct EntryHead {
  std::string_view type;  // "req.start"
  std::uint64_t seq = 0;
  base::WallTime at{};
  std::string_view node;  // as NodeMember() writes it
};
// `,"node":"gw1"`, which is the same in all entries of a process.
std::string NodeMember(std::string_view node);

// Looks names up without making strings of them.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};
using Names = std::unordered_set<std::string, NameHash, std::equal_to<>>;

// What entries about exchanges say of the configuration in force. Immutable.
struct EntryContext {
  std::string config;  // its revision
  Names models;        // that there are: another name is the client's own text, and not written
};

// Appends `{"v":1,...` without the end; the caller closes the object.
void AppendHead(std::string& out, const EntryHead& head);

// The members of an entry that say which model was asked for and by whom: the same whenever a caller asks for it.
std::string AskerMembers(const pipeline::Exchange& exchange, const EntryContext& context);
// Those of a request that never became an exchange.
std::string AskerMembers(const pipeline::Principal& principal);

// What entries about exchanges are made of beside those.
struct EntryParts {
  EntryHead head;
  std::string_view asker;   // as AskerMembers() writes them
  std::string_view config;  // EntryContext::config
};

// Append one whole entry. What would make it longer than an entry may be is cut, and counted in "more".
void AppendStart(std::string& out, const EntryParts& parts, const pipeline::Exchange& exchange);
void AppendEnd(std::string& out, const EntryParts& parts, const pipeline::ExchangeEnd& end);
// What an exchange came to that was seen through after its end.
void AppendSettled(std::string& out, const EntryParts& parts, const pipeline::Exchange& exchange);

// The strictest enforced effect among an exchange's decisions.
pipeline::Effect DecisionOf(const pipeline::Exchange& exchange);

}  // namespace gatehouse::features::audit
