#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/oversight/person.h"
#include "pipeline/exchange.h"
#include "pipeline/principal.h"

namespace gatehouse::features::oversight {

// That something may not be done any more until people say otherwise: by whom or what, and why. A value.
struct Stop {
  enum class Scope : std::uint8_t { kAll, kNode, kModel, kTool };

  std::int64_t id = 0;
  Scope scope = Scope::kAll;
  pipeline::NodeId node;  // of kNode, with all that is below it
  std::string name;       // of kModel: the public name; of kTool
  std::string path;       // of kNode, as the node was called then
  std::string reason;     // for people
  Person set_by;
  std::int64_t set_ms = 0;
  std::vector<Person> lifters;  // who want it lifted, the first one first
  std::int64_t lifted_ms = 0;   // 0: in force

  // "stop_17": how people, errors and the record call it.
  std::string Word() const { return "stop_" + std::to_string(id); }
};

// How many people must want it lifted; one suffices to set it.
inline constexpr std::size_t kLifters = 2;

std::string_view ToString(Stop::Scope scope);  // "all", "node", "model", "tool"
std::optional<Stop::Scope> ScopeOf(std::string_view word);
// "stop_17"; nullopt for anything else.
std::optional<std::int64_t> StopIdOf(std::string_view word);

// The stops in force, for looking up what an exchange is concerned by. Immutable.
class StopTable {
 public:
  StopTable() = default;
  explicit StopTable(std::vector<Stop> stops) : stops_(std::move(stops)) {}

  bool empty() const { return stops_.empty(); }
  const std::vector<Stop>& stops() const { return stops_; }
  // The first one that concerns the exchange as it is now; null: none.
  const Stop* Find(const pipeline::Exchange& exchange) const;

 private:
  std::vector<Stop> stops_;
};

// What a client is told whose exchange was refused or ended.
base::Error StoppedError(const Stop& stop);

}  // namespace gatehouse::features::oversight
