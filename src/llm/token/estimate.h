#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "llm/token/counter.h"
#include "llm/token/family.h"

namespace gatehouse::llm::token {

// Tokens that each message of a chat costs besides its text, and that the reply is primed with. OpenAI's chat format;
// other vendors' are close, and their factor covers the rest.
struct ChatOverhead {
  static constexpr std::uint64_t kPerMessage = 3;
  static constexpr std::uint64_t kPerName = 1;
  static constexpr std::uint64_t kPerReply = 3;
};

struct Estimate {
  std::uint64_t tokens = 0;
  Certainty certainty = Certainty::kExact;
};

// Sums up the tokens of one prompt. `counter` outlives it. One thread.
class PromptCounter {
 public:
  PromptCounter(Counter& counter, const Family& family) : counter_(&counter), family_(family) {}

  // A message with its role; its text comes in one or more calls of AddText.
  void BeginMessage(std::string_view role);
  void AddName(std::string_view name);
  void AddText(std::string_view text) { raw_ += counter_->Count(text); }
  // What is no text: images, audio. Already the model's own tokens, always an estimate.
  void AddOther(std::uint64_t tokens);
  // Tool definitions and response schemas: the provider renders them in a form of its own.
  void AddSchema(std::string_view json);

  // With the reply's priming when there were messages.
  Estimate Total() const;
  // Before the family's factor: what real usage is compared with.
  std::uint64_t raw() const { return raw_; }

 private:
  Counter* counter_;
  Family family_;
  std::uint64_t raw_ = 0;
  std::uint64_t other_ = 0;
  Certainty rendering_ = Certainty::kExact;
  bool has_messages_ = false;
};

// What one model's tokens are to the vocabulary's, learned from what its provider reports: an exponentially weighted
// average. Thread-safe; concurrent observations may lose one another, which an average forgives.
class LearnedFactor {
 public:
  explicit LearnedFactor(std::uint32_t start_permille) : permille_(start_permille) {}

  // `raw` is what was counted, `actual` what the provider charged for the same text. Small prompts say little and are
  // ignored, and one outlier moves the factor little: it stays between 0.5 and 4.
  void Observe(std::uint64_t raw, std::uint64_t actual);
  std::uint32_t permille() const { return permille_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> permille_;
};

}  // namespace gatehouse::llm::token
