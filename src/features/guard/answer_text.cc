#include "features/guard/answer_text.h"

#include <algorithm>
#include <utility>

#include "inspect/inspector.h"

namespace gatehouse::features::guard {

using base::Status;

Status AnswerText::Settle(Inspection& inspection, More more) {
  const auto open = static_cast<std::size_t>(settled_ - base_);
  const bool has_more = open != text_.size();
  if (!has_more && (more == More::kMayCome || !watch_)) return base::Ok();
  if (kind_ == Kind::kArguments) return more == More::kEnded ? SettleArguments(inspection) : base::Ok();
  if (more == More::kEnded) return SettleText(inspection, text_.size(), more);
  const std::size_t count = inspection.Settled(std::string_view(text_).substr(open));
  return count == 0 ? base::Ok() : SettleText(inspection, open + count, more);
}

Status AnswerText::SettleText(Inspection& inspection, std::size_t end, More more) {
  using Watch = inspect::content::TextWatch;
  if (rest_ == TextEdit::Rest::kGoes) {
    changes_.push_back({.begin = settled_, .end = base_ + end, .replacement = {}});
    settled_ = base_ + end;
    return base::Ok();
  }
  const auto begin = static_cast<std::size_t>(settled_ - base_);
  const std::size_t from = begin - std::min(begin, inspect::Inspector::kContext);
  std::vector<TextEdit> edits;
  GH_CHECK_OK(inspection.Look({.text = std::string_view(text_).substr(from, end - from),
                               .begin = begin - from,
                               .channel = channel_,
                               .side = pipeline::Side::kAnswer,
                               .seal = seal_,
                               .watch = watch_ ? &*watch_ : nullptr,
                               .more = more == More::kEnded ? Watch::More::kEnded : Watch::More::kMayCome},
                              edits));
  for (TextEdit& edit : edits) {
    if (edit.rest == TextEdit::Rest::kGoes) rest_ = edit.rest;
    changes_.push_back({.begin = base_ + from + edit.span.begin,
                        .end = base_ + from + edit.span.end,
                        .replacement = std::move(edit.replacement)});
  }
  settled_ = base_ + end;
  return base::Ok();
}

// The whole of them changes, or nothing: what is inside a JSON text has no place of its own in the pieces.
Status AnswerText::SettleArguments(Inspection& inspection) {
  const auto begin = static_cast<std::size_t>(settled_ - base_);
  const std::string_view json = std::string_view(text_).substr(begin);
  GH_TRY(auto changed, inspection.LookAtJson(json, channel_, pipeline::Side::kAnswer));
  if (changed) changes_.push_back({.begin = settled_, .end = size(), .replacement = *std::move(changed)});
  settled_ = size();
  return base::Ok();
}

bool AnswerText::IsChanged(std::uint64_t begin, std::uint64_t end) const {
  return std::ranges::any_of(changes_, [&](const Change& change) { return change.end > begin && change.begin < end; });
}

AnswerText::Piece AnswerText::Take(std::uint64_t begin, std::uint64_t end) const {
  Piece piece;
  std::uint64_t at = begin;
  const auto copy = [&](std::uint64_t until) {
    if (until > at)
      piece.text.append(text_, static_cast<std::size_t>(at - base_), static_cast<std::size_t>(until - at));
  };
  for (const Change& change : changes_) {
    if (change.end <= begin || change.begin >= end) continue;
    piece.state = Piece::State::kChanged;
    copy(change.begin);
    // What takes its place leaves with the piece in which it begins.
    if (change.begin >= begin) piece.text += change.replacement;
    at = std::max(at, change.end);
  }
  copy(end);
  return piece;
}

void AnswerText::Forget(std::uint64_t before) {
  std::erase_if(changes_, [&](const Change& change) { return change.end <= before; });
  const std::uint64_t context = std::min<std::uint64_t>(before, inspect::Inspector::kContext);
  const std::uint64_t keep = std::min(before, settled_) - std::min(context, std::min(before, settled_));
  // In steps, so that not every piece moves the rest.
  constexpr std::uint64_t kStep = 1024;
  if (keep < base_ + kStep) return;
  text_.erase(0, static_cast<std::size_t>(keep - base_));
  base_ = keep;
}

}  // namespace gatehouse::features::guard
