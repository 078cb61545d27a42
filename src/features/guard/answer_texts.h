#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/result.h"
#include "features/guard/answer_frame.h"
#include "features/guard/answer_text.h"

namespace gatehouse::features::guard {

// The texts of one answer that come in pieces, and what of them was handed in and not taken out yet. Of one loop; ends
// before its Inspection.
class AnswerTexts {
 public:
  static constexpr std::size_t kMost = 4096;
  // Beside the word that is open, so much of a piece may wait with it.
  static constexpr std::uint64_t kWorthCutting = 25;

  // Where guardrails outside look at answers, all of them wait until those have been asked.
  static constexpr std::size_t kMostWaiting = std::size_t{8} << 20U;

  explicit AnswerTexts(Inspection& inspection)
      : inspection_(inspection), waits_(inspection.Asks(pipeline::Side::kAnswer) ? Waits::kYes : Waits::kNo) {}

  // Where a piece stands in its text. Valid while this lives.
  struct Place {
    AnswerText* text = nullptr;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    bool IsSettled() const { return text->settled() >= end; }
    // Cuts off what is settled, if that is kWorthCutting at least: afterwards this is it, and what is returned the
    // rest.
    std::optional<Place> CutSettled();
    bool IsChanged() const { return text->IsChanged(begin, end); }
    AnswerText::Piece Take() const { return text->Take(begin, end); }
    void Forget() const { text->Forget(end); }
  };

  // Something waits for its turn, of so many bytes; or no longer does. An error denies: more waits than may.
  static constexpr std::size_t kMostHeld = std::size_t{64} << 20U;
  base::Status Hold(std::size_t bytes);
  void LetGo(std::size_t bytes) { held_ -= bytes; }

  // Hands in a piece. An error denies: more texts than an answer may have, or arguments longer than may wait.
  base::Result<Place> Add(const DeltaPiece& piece);
  // Looks at what of it can be looked at.
  base::Status Settle(const Place& place) {
    if (waits_ == Waits::kYes) return base::Ok();
    return place.text->Settle(inspection_, AnswerText::More::kMayCome);
  }
  // A text is complete, or with kAllParts all of a choice.
  base::Status End(TextKey key);
  // All are, and guardrails outside are asked about them.
  net::Task<base::Status> Ask();
  bool MustAsk() const { return waits_ == Waits::kYes; }
  base::Status EndAll();

 private:
  struct Entry {
    TextKey key;
    AnswerText text;
  };

  enum class Waits : std::uint8_t { kNo, kYes };

  Inspection& inspection_;
  Waits waits_;
  std::size_t bytes_ = 0;  // of all
  std::size_t held_ = 0;   // of what waits for its turn
  std::deque<Entry> entries_;
};

}  // namespace gatehouse::features::guard
