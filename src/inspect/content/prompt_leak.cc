#include "inspect/content/prompt_leak.h"

#include <algorithm>
#include <optional>

#include "inspect/content/phrase.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::content {
namespace {

constexpr float kLeakConfidence = 0.85F;
constexpr float kLongLeakConfidence = 0.95F;
constexpr std::size_t kLongLeak = 24;  // words

struct HashedWord {
  Span span;
  std::uint64_t hash = 0;
};

// FNV-1a over the bytes with their letters small.
HashedWord NextWord(std::string_view text, std::size_t at) {
  while (at < text.size() && !IsWordByteOfAny(text[at])) ++at;
  HashedWord word{.span = {.begin = at, .end = at}, .hash = 0xCBF29CE484222325U};
  for (; at < text.size() && IsWordByteOfAny(text[at]); ++at) {
    word.hash = (word.hash ^ static_cast<unsigned char>(secret::Lower(text[at]))) * 0x100000001B3U;
  }
  word.span.end = at;
  return word;
}

// Visits `most` words, and returns how many there were of those.
template <class Visit>
std::size_t EachWord(std::string_view text, std::size_t begin, std::size_t most, Visit visit) {
  std::size_t count = 0;
  for (; count < most; ++count) {
    const HashedWord word = NextWord(text, begin);
    if (word.span.size() == 0) break;
    visit(word);
    begin = word.span.end;
  }
  return count;
}

// Visits the runs of `most` words of all texts; none goes from one text on into the next.
template <class Visit>
void EachRun(std::span<const std::string_view> texts, std::size_t most, Visit visit) {
  for (const std::string_view text : texts) {
    RunOfWords run;
    most -= EachWord(text, 0, most, [&](const HashedWord& word) {
      if (run.Push(word.hash)) visit(run.hash());
    });
  }
}

}  // namespace

bool RunOfWords::Push(std::uint64_t word) {
  words_[count_++ % kWords] = word;
  return count_ >= kWords;
}

std::uint64_t RunOfWords::hash() const {
  std::uint64_t hash = 0;
  for (std::size_t at = 0; at < kWords; ++at)
    hash = (hash ^ words_[(count_ + at) % kWords]) * 0x9E3779B97F4A7C15U + (hash >> 31U);
  return hash;
}

PromptRuns::PromptRuns(std::span<const std::string_view> prompts, std::span<const std::string_view> excusing) {
  EachRun(prompts, kMostWords, [&](std::uint64_t run) { runs_.push_back(run); });
  std::ranges::sort(runs_);
  runs_.erase(std::ranges::unique(runs_).begin(), runs_.end());
  if (runs_.empty() || excusing.empty()) return;
  std::vector<char> excused(runs_.size());
  EachRun(excusing, kMostExcusing, [&](std::uint64_t run) {
    const auto at = std::ranges::lower_bound(runs_, run);
    if (at != runs_.end() && *at == run) excused[static_cast<std::size_t>(at - runs_.begin())] = 1;
  });
  std::size_t kept = 0;
  for (std::size_t at = 0; at < runs_.size(); ++at) {
    if (excused[at] == 0) runs_[kept++] = runs_[at];
  }
  runs_.resize(kept);
}

bool PromptRuns::Has(std::uint64_t run) const { return std::ranges::binary_search(runs_, run); }

void LeakWatch::Take(std::string_view text, std::size_t begin, std::vector<Finding>& findings) {
  std::optional<Span> leak;  // of the run that lasts, in this piece
  std::size_t longest = 0;
  const auto tell = [&] {
    if (leak && longest >= kShortestLeak) {
      findings.push_back({.category = Category::kExfiltration,
                          .entity = std::string(kPromptLeak),
                          .span = *leak,
                          .confidence = longest >= kLongLeak ? kLongLeakConfidence : kLeakConfidence});
    }
    leak.reset();
    longest = 0;
  };
  std::array<std::size_t, RunOfWords::kWords> begins{};  // of the last words
  begins.fill(begin);
  std::size_t count = 0;
  EachWord(text, begin, text.size(), [&](const HashedWord& word) {
    begins[count++ % RunOfWords::kWords] = word.span.begin;
    if (!window_.Push(word.hash) || !prompt_->Has(window_.hash())) {
      in_run_ = 0;
      return tell();
    }
    in_run_ = in_run_ == 0 ? RunOfWords::kWords : in_run_ + 1;
    // A run of which the first words came in an earlier piece begins with this one.
    if (!leak) leak = Span{.begin = count >= RunOfWords::kWords ? begins[count % RunOfWords::kWords] : begin, .end = 0};
    leak->end = word.span.end;
    longest = in_run_;
  });
  tell();
}

}  // namespace gatehouse::inspect::content
