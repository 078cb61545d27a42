#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/oversight/person.h"
#include "pipeline/principal.h"

namespace gatehouse::features::oversight {

// What one person said about an exchange that is over.
struct Verdict {
  Person by;
  enum class Says : std::uint8_t { kFine, kNotFine } says = Says::kFine;
  std::string note;        // for people; of kNotFine never empty
  std::int64_t at_ms = 0;  // since 1970
};

// An exchange that people look at when it is over. A value; times are milliseconds since 1970.
struct Review {
  enum class State : std::uint8_t {
    kOpen,
    kOverdue,  // still waits, after the time there was
    kDone,     // as many people have looked as the rule wants
  };

  std::int64_t id = 0;
  State state = State::kOpen;
  std::string rule;                     // that wants it
  std::string phase;                    // of the rule
  std::string request_id;               // under which the record has the exchange
  std::vector<pipeline::NodeId> chain;  // of who asked, from the organization down
  std::string path;                     // of who asked, for people
  std::string surface;
  std::string model;
  std::string draw;             // what was drawn (ReviewDraw); "" where it was planted
  std::int64_t share_ppm = 0;   // of how many of a million
  std::int64_t reviewers = 1;   // how many people look
  std::int64_t created_ms = 0;  // when the exchange was over
  std::int64_t decide_by_ms = 0;
  std::int64_t changed_ms = 0;  // when it came into its state
  std::vector<Verdict> verdicts;
  std::int64_t version = 0;  // rises with each change
  // Of one that was planted, to see whether people look: by whom, and what they should say.
  Person planted_by;
  std::optional<Verdict::Says> expected;

  // "rev_17": how people and the record call it.
  std::string Word() const { return "rev_" + std::to_string(id); }
  // The person is who asked, or one of those on whose behalf.
  bool IsOf(const Person& person) const;
  bool IsDue(std::int64_t now_ms) const { return state == State::kOpen && now_ms >= decide_by_ms; }
};

inline constexpr std::size_t kReviewStates = 3;
std::string_view ToString(Review::State state);  // "open", "overdue", "done"
std::optional<Review::State> ReviewStateOf(std::string_view word);
std::string_view ToString(Verdict::Says says);  // "fine", "not_fine"
std::optional<Verdict::Says> SaysOf(std::string_view word);
// "rev_17"; nullopt for anything else.
std::optional<std::int64_t> ReviewIdOf(std::string_view word);

// The review after the verdict. kConflict from kClient where it is done, or the person has said something before;
// kDenied for one who may not: who asked for the exchange, on whose behalf, or who planted it.
base::Result<Review> Apply(Review review, Verdict verdict);
// The same exchange once more, to see whether people say what is expected.
Review Plant(const Review& known, Person by, Verdict::Says expected, std::int64_t now_ms);

}  // namespace gatehouse::features::oversight
