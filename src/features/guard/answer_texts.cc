#include "features/guard/answer_texts.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::guard {
namespace {

base::Error TooMuch(std::string_view what) {
  return {
      .code = base::ErrorCode::kContentFiltered,
      .source = base::ErrorSource::kPolicy,
      .public_message = "The answer was cut: " + std::string(what) +
                        ", and what cannot be inspected is not passed on. Ask for a shorter one, or ask the operator."};
}

}  // namespace

std::optional<AnswerTexts::Place> AnswerTexts::Place::CutSettled() {
  const std::uint64_t settled = text->settled();
  if (settled >= end || settled < begin + kWorthCutting) return {};
  return Place{.text = text, .begin = settled, .end = std::exchange(end, settled)};
}

base::Result<AnswerTexts::Place> AnswerTexts::Add(const DeltaPiece& piece) {
  auto entry = std::ranges::find(entries_, piece.key, &Entry::key);
  if (entry == entries_.end()) {
    if (entries_.size() >= kMost) return TooMuch("it has too many parts");
    entries_.push_back(
        {.key = piece.key,
         .text = AnswerText(piece.kind, piece.channel, piece.seal, inspection_.NewWatch(pipeline::Side::kAnswer))});
    entry = entries_.end() - 1;
  }
  AnswerText& text = entry->text;
  const std::uint64_t begin = text.size();
  text.Append(piece.text);
  bytes_ += piece.text.size();
  if (waits_ == Waits::kYes && bytes_ > kMostWaiting) return TooMuch("it is too long for a guardrail to look at");
  const bool waits = piece.kind == AnswerText::Kind::kArguments;
  if (waits && text.size() - text.settled() > inspection_.settings().longest_arguments) {
    return TooMuch("a tool call's arguments are too long");
  }
  return Place{.text = &text, .begin = begin, .end = text.size()};
}

base::Status AnswerTexts::Hold(std::size_t bytes) {
  held_ += bytes;
  return held_ <= kMostHeld ? base::Ok() : base::Status(TooMuch("too much of it waits to be decided about"));
}

net::Task<base::Status> AnswerTexts::Ask() {
  std::vector<HookText> texts;
  for (const Entry& entry : entries_) {
    const std::string_view text = entry.text.Waiting();
    codec::json::Document document;
    const bool is_json = entry.text.kind() == AnswerText::Kind::kArguments && document.Parse(text).ok();
    if (!is_json) {
      texts.push_back({.channel = entry.text.channel(), .text = text});
      continue;
    }
    const TextTable& table = inspection_.settings().tables.Free(entry.text.channel());
    GH_CO_CHECK_OK(co_await inspection_.AskAboutBody(document.root(), table, pipeline::Side::kAnswer));
  }
  co_return co_await inspection_.Ask(pipeline::Side::kAnswer, std::move(texts));
}

base::Status AnswerTexts::End(TextKey key) {
  if (waits_ == Waits::kYes) return base::Ok();
  for (Entry& entry : entries_) {
    const bool is_meant =
        entry.key.choice == key.choice && (key.part == FrameDeltas::kAllParts || entry.key.part == key.part);
    if (is_meant) GH_CHECK_OK(entry.text.Settle(inspection_, AnswerText::More::kEnded));
  }
  return base::Ok();
}

base::Status AnswerTexts::EndAll() {
  for (Entry& entry : entries_) GH_CHECK_OK(entry.text.Settle(inspection_, AnswerText::More::kEnded));
  return base::Ok();
}

}  // namespace gatehouse::features::guard
