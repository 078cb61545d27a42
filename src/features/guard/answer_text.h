#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "features/guard/inspection.h"

namespace gatehouse::features::guard {

// One text of an answer while it comes in pieces: what of it is settled (looked at), and how that leaves. Offsets count
// from the beginning of the text, whatever of it is still kept. Of one loop.
class AnswerText {
 public:
  enum class Kind : std::uint8_t {
    kText,       // settled up to its last seam
    kArguments,  // a tool call's: settled when all of it is there, as JSON
  };
  // `watch` is that of the inspection which settles it.
  AnswerText(Kind kind, inspect::Channel channel, Passage::Seal seal,
             std::optional<inspect::content::TextWatch> watch = {})
      : kind_(kind), channel_(channel), seal_(seal), watch_(std::move(watch)) {}

  std::uint64_t size() const { return base_ + text_.size(); }
  std::uint64_t settled() const { return settled_; }
  bool IsSettled() const { return settled() == size(); }

  void Append(std::string_view piece) { text_ += piece; }
  // What is not settled.
  std::string_view Waiting() const {
    return std::string_view(text_).substr(static_cast<std::size_t>(settled_ - base_));
  }
  Kind kind() const { return kind_; }
  inspect::Channel channel() const { return channel_; }

  // Looks at what can be looked at; with kEnded at all of it. An error denies.
  enum class More : std::uint8_t { kMayCome, kEnded };
  base::Status Settle(Inspection& inspection, More more);

  // How [begin, end), which is settled, leaves. `changed` says whether that differs.
  struct Piece {
    std::string text;
    enum class State : std::uint8_t { kSame, kChanged } state = State::kSame;
  };
  Piece Take(std::uint64_t begin, std::uint64_t end) const;
  bool IsChanged(std::uint64_t begin, std::uint64_t end) const;
  // Nobody will ask for what stands before.
  void Forget(std::uint64_t before);

 private:
  base::Status SettleText(Inspection& inspection, std::size_t end, More more);
  base::Status SettleArguments(Inspection& inspection);
  // An edit in offsets of the whole text.
  struct Change {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string replacement;
  };

  Kind kind_;
  inspect::Channel channel_;
  Passage::Seal seal_;
  std::optional<inspect::content::TextWatch> watch_;
  std::string text_;  // from base_ on
  std::uint64_t base_ = 0;
  std::uint64_t settled_ = 0;
  std::vector<Change> changes_;  // in order, of what is settled and kept
  TextEdit::Rest rest_ = TextEdit::Rest::kStays;
};

}  // namespace gatehouse::features::guard
