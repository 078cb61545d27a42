#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "llm/event.h"

// Interleaved blocks one after another, for dialects whose streams cannot mix them.
namespace gatehouse::llm::dialect::common {

// The block that an event belongs to; nullopt for events of the whole answer.
struct BlockRef {
  std::uint32_t choice = 0;
  std::uint32_t block = 0;
};
std::optional<BlockRef> BlockOf(const Event& event);

class BlockSink {
 public:
  virtual ~BlockSink() = default;
  virtual void OnBlockEvent(const Event& event) = 0;
};

// Passes the events of one choice's blocks on so that every block ends, with BlockFinished, before the next begins.
// While a tool call grows, what belongs to other blocks is held and follows in the order of first appearance. Text and
// reasoning give way to other blocks instead: what comes for them later begins them anew under the same number. One
// answer, one thread.
class BlockSequencer {
 public:
  // kBadUpstream when more would have to be held than the limit allows.
  base::Status Add(const Event& event, BlockSink& sink);
  // The answer is complete: everything held, and the end of what is open.
  void Finish(BlockSink& sink);

 private:
  enum class Kind : std::uint8_t { kGivesWay, kToolCall };
  struct Open {
    std::uint32_t block;
    Kind kind;
  };
  struct Held {
    std::uint32_t block;
    std::vector<Event> events;
  };

  Held* FindHeld(std::uint32_t block);
  base::Status Hold(Held& held, const Event& event);
  void Pass(std::uint32_t block, const Event& event, BlockSink& sink);
  void Close(BlockSink& sink);
  void Release(BlockSink& sink);

  std::optional<Open> open_;
  std::vector<Held> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace gatehouse::llm::dialect::common
