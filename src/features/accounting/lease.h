#pragma once

#include <cstdint>
#include <memory>

#include "features/accounting/limit.h"
#include "features/accounting/window.h"
#include "pipeline/principal.h"

namespace gatehouse::features::accounting {

// Whether a limit is this gateway's alone, or one of several shares it: then a gateway may only spend what it was
// allotted of it.
enum class Tenure : std::uint8_t { kAlone, kShared };

// More of a limit than this gateway has been allotted.
struct Need {
  pipeline::NodeId organization;
  std::int64_t limit = 0;
  std::int64_t wanted = 0;  // so much more would do
  std::int64_t least = 0;   // less is of no use; 0: what there is would do
};

// How this gateway stands with a limit that it shares, in the present window.
struct Stake {
  std::shared_ptr<const Limit> limit;
  Span window;            // calendar: the window; rolling: the present piece
  std::int64_t has = 0;   // allotted, and at least what is spent and held
  std::int64_t used = 0;  // spent
  std::int64_t held = 0;
  std::int64_t since = 0;        // since when this process knows the limit, in seconds
  std::int64_t valid_until = 0;  // what is not spent or held
  // Whether `has` is all that was allotted, or the process may have forgotten some in an earlier life.
  enum class Memory : std::uint8_t { kWhole, kPartial } memory = Memory::kPartial;

  std::int64_t idle() const { return has - used - held; }
};

// What is allotted from now on, as all who share the limit agreed.
struct Allotment {
  std::int64_t window_begin = 0;  // of the Stake it answers; it is void in another calendar window
  std::int64_t share = 0;
  std::int64_t others = 0;       // spent by the others
  std::int64_t left = 0;         // of the limit, for all
  std::int64_t valid_until = 0;  // seconds since 1970
  // Whether no more than `left` can be had for now.
  enum class Rest : std::uint8_t { kUnknown, kFinal } rest = Rest::kUnknown;
};

}  // namespace gatehouse::features::accounting
