#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/detector.h"

namespace gatehouse::inspect::pattern {

// Many literals and patterns, found in one pass over a text. Immutable; threads share it, each with its own Scratch.
// Compiling takes milliseconds to a second.
class PatternSet {
 public:
  // Memory that a scan needs. Belongs to one thread and to the set that made it.
  class Scratch {
   public:
    explicit Scratch(const PatternSet& set);
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;

   private:
    friend class PatternSet;
    struct State;
    std::unique_ptr<State> state_;
  };

  // What one scan reports at most. A text of this many hits is nearly nothing but hits: the caller scans a shorter one.
  static constexpr std::size_t kMaxHits = 65536;
  // The longest text that one scan takes, in bytes.
  static constexpr std::size_t kMaxText = std::size_t{1} << 30;

  // A hit's `trigger` is the number in `patterns`. kInvalidRequest quotes the pattern and says what is wrong with it:
  // syntax, what only a backtracking engine has, or that it matches nothing at all.
  static base::Result<PatternSet> Compile(std::span<const Trigger> patterns);
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

  enum class Scanned : std::uint8_t { kWhole, kTooManyHits };
  // Replaces `hits` by what is in `text`, by end and then by pattern; kMaxHits of them in no particular selection where
  // there are more.
  Scanned Scan(std::string_view text, Scratch& scratch, std::vector<Hit>& hits) const;

  // Bytes that the longest match can have; as long as that is bounded by kContext, and that otherwise.
  std::size_t longest_match() const;

 private:
  struct State;
  explicit PatternSet(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::inspect::pattern
