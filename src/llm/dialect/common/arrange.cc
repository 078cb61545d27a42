#include "llm/dialect/common/arrange.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatehouse::llm::dialect::common {
namespace {

void Append(std::vector<TurnBlock>& to, std::vector<TurnBlock> from) {
  std::ranges::move(from, std::back_inserter(to));
}

class Arranger {
 public:
  explicit Arranger(MidSystem mid_system) : mid_system_(mid_system) {}

  void Add(Turn turn) {
    if (turn.role == Role::kSystem) {
      auto& to = mid_system_ == MidSystem::kHoisted ? result_.system : waiting_;
      return Append(to, std::move(turn.blocks));
    }
    if (turn.role == Role::kAssistant) PlaceWaiting();
    auto& turns = result_.turns;
    if (turns.empty() || turns.back().role != turn.role) return turns.push_back(std::move(turn));
    Append(turns.back().blocks, std::move(turn.blocks));
  }

  Conversation Take() && {
    PlaceWaiting();
    Append(result_.system, std::move(waiting_));
    for (Turn& turn : result_.turns) PutToolResultsFirst(turn.blocks);
    return std::move(result_);
  }

 private:
  // A system message may stand only right after a turn of the user.
  void PlaceWaiting() {
    if (waiting_.empty() || result_.turns.empty() || result_.turns.back().role != Role::kUser) return;
    result_.turns.push_back({Role::kSystem, std::exchange(waiting_, {})});
  }

  MidSystem mid_system_;
  std::vector<TurnBlock> waiting_;
  Conversation result_;
};

}  // namespace

Conversation Arrange(std::span<const Message> messages, MidSystem mid_system) {
  Arranger arranger(mid_system);
  Conversation prompt;
  const std::size_t leading = LeadingSystemMessages(messages);
  for (Turn& turn : MergeTurns(messages.first(leading), ToolResultPlace::kAsGiven)) {
    Append(prompt.system, std::move(turn.blocks));
  }
  for (Turn& turn : MergeTurns(messages.subspan(leading), ToolResultPlace::kAsGiven)) {
    arranger.Add(std::move(turn));
  }
  Conversation rest = std::move(arranger).Take();
  Append(prompt.system, std::move(rest.system));
  prompt.turns = std::move(rest.turns);
  return prompt;
}

}  // namespace gatehouse::llm::dialect::common
