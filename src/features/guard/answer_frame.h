#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "features/guard/answer_text.h"
#include "features/guard/body/reading.h"
#include "llm/dialect_id.h"

namespace gatehouse::features::guard {

// Which text of an answer: of which choice (candidate, output item), and which of its texts.
struct TextKey {
  std::int64_t choice = 0;
  std::int64_t part = 0;
  bool operator==(const TextKey&) const = default;
};

// A piece of a text in one frame of a streamed answer.
struct DeltaPiece {
  TextKey key;
  AnswerText::Kind kind = AnswerText::Kind::kText;
  inspect::Channel channel = inspect::Channel::kOutput;
  Passage::Seal seal = Passage::Seal::kNone;
  std::string_view text;
  std::size_t offset = 0;  // of its token in the frame's data
  std::size_t length = 0;
};

// What one frame says of texts that come in pieces.
struct FrameDeltas {
  std::vector<DeltaPiece> pieces;
  // Texts that are complete. A part of kAllParts: all of the choice.
  static constexpr std::int64_t kAllParts = -1;
  std::vector<TextKey> ended;

  void Clear() {
    pieces.clear();
    ended.clear();
  }
};

// Appends what the data of one frame of a dialect says. The views are the Document's.
void ReadDeltas(llm::DialectId dialect, codec::json::Value root, FrameDeltas& deltas);

}  // namespace gatehouse::features::guard
