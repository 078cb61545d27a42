#include "inspect/pattern/pattern_set.h"

#include <hs/hs.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"

namespace gatehouse::inspect::pattern {
namespace {

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};
struct FreeError {
  void operator()(hs_compile_error_t* error) const { hs_free_compile_error(error); }
};
using Database = std::unique_ptr<hs_database_t, FreeDatabase>;
using CompileError = std::unique_ptr<hs_compile_error_t, FreeError>;

bool IsPlain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

// A literal as an expression: every byte but letters and digits by its number.
std::string Quoted(std::string_view literal) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string expression;
  for (const char byte : literal) {
    if (IsPlain(byte)) {
      expression.push_back(byte);
      continue;
    }
    const auto value = static_cast<unsigned char>(byte);
    expression.append("\\x").append(1, kHex[value >> 4U]).append(1, kHex[value & 0xFU]);
  }
  return expression;
}

std::string Expression(const Trigger& trigger) {
  return trigger.kind == Trigger::Kind::kLiteral ? Quoted(trigger.text) : trigger.text;
}

unsigned int Flags(const Trigger& trigger) { return trigger.letters == Trigger::Case::kFolded ? HS_FLAG_CASELESS : 0; }

base::Error Refused(const Trigger& trigger, std::string_view why) {
  return base::InvalidRequest("the pattern \"" + trigger.text + "\" cannot be compiled: " + std::string(why));
}

// Bytes that a match of it can have; errors are those of the expression alone.
base::Result<std::size_t> LongestMatch(const Trigger& trigger) {
  if (trigger.text.empty()) return Refused(trigger, "it is empty");
  hs_expr_info_t* found = nullptr;
  hs_compile_error_t* error = nullptr;
  const std::string expression = Expression(trigger);
  if (hs_expression_info(expression.c_str(), Flags(trigger), &found, &error) != HS_SUCCESS) {
    return Refused(trigger, CompileError(error)->message);
  }
  const std::unique_ptr<hs_expr_info_t, decltype(&free)> info(found, &free);
  if (info->min_width == 0) return Refused(trigger, "it matches the empty text");
  return std::min<std::size_t>(info->max_width, Detector::kContext);
}

struct Sink {
  std::vector<Hit>* hits;
  PatternSet::Scanned scanned = PatternSet::Scanned::kWhole;
};

int OnMatch(unsigned int pattern, unsigned long long /*from*/, unsigned long long to, unsigned int /*flags*/,
            void* context) {
  auto* sink = static_cast<Sink*>(context);
  if (sink->hits->size() == PatternSet::kMaxHits) {
    sink->scanned = PatternSet::Scanned::kTooManyHits;
    return 1;
  }
  sink->hits->push_back({.trigger = pattern, .end = static_cast<std::size_t>(to)});
  return 0;
}

// By end and then by pattern. The scan tells of patterns of different kinds at different times, but hardly ever of one
// long after others behind it: each goes back some places.
void SortNearlySorted(std::vector<Hit>& hits) {
  const auto key = [](const Hit& hit) { return std::uint64_t{hit.end} << 32U | hit.trigger; };
  constexpr std::size_t kMostMoves = 8;  // for each, on average
  std::size_t moves = 0;
  for (std::size_t next = 1; next < hits.size(); ++next) {
    const Hit hit = hits[next];
    std::size_t at = next;
    for (; at > 0 && key(hits[at - 1]) > key(hit); --at) hits[at] = hits[at - 1];
    hits[at] = hit;
    moves += next - at;
    if (moves <= kMostMoves * hits.size()) continue;
    std::ranges::sort(hits, {}, key);
    return;
  }
}

}  // namespace

struct PatternSet::State {
  Database database;  // null for a set of no patterns
  std::size_t longest_match = 0;
};

struct PatternSet::Scratch::State {
  std::unique_ptr<hs_scratch_t, FreeScratch> scratch;
};

PatternSet::PatternSet(std::unique_ptr<State> state) : state_(std::move(state)) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

PatternSet::Scratch::Scratch(const PatternSet& set) : state_(std::make_unique<State>()) {
  if (!set.state_->database) return;
  hs_scratch_t* scratch = nullptr;
  GH_CHECK(hs_alloc_scratch(set.state_->database.get(), &scratch) == HS_SUCCESS);
  state_->scratch.reset(scratch);
}
PatternSet::Scratch::~Scratch() = default;
PatternSet::Scratch::Scratch(Scratch&&) noexcept = default;
PatternSet::Scratch& PatternSet::Scratch::operator=(Scratch&&) noexcept = default;

base::Result<PatternSet> PatternSet::Compile(std::span<const Trigger> patterns) {
  auto state = std::make_unique<State>();
  std::vector<std::string> expressions;
  std::vector<const char*> texts;
  std::vector<unsigned int> flags;
  std::vector<unsigned int> numbers;
  expressions.reserve(patterns.size());
  for (const Trigger& trigger : patterns) {
    GH_TRY(const std::size_t longest, LongestMatch(trigger));
    state->longest_match = std::max(state->longest_match, longest);
    texts.push_back(expressions.emplace_back(Expression(trigger)).c_str());
    flags.push_back(Flags(trigger));
    numbers.push_back(static_cast<unsigned int>(numbers.size()));
  }
  if (patterns.empty()) return PatternSet(std::move(state));
  hs_database_t* database = nullptr;
  hs_compile_error_t* failed = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), numbers.data(), static_cast<unsigned int>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &failed) != HS_SUCCESS) {
    const CompileError error(failed);
    return Refused(patterns[static_cast<std::size_t>(std::max(error->expression, 0))], error->message);
  }
  state->database.reset(database);
  return PatternSet(std::move(state));
}

PatternSet::Scanned PatternSet::Scan(std::string_view text, Scratch& scratch, std::vector<Hit>& hits) const {
  hits.clear();
  if (!state_->database || text.empty()) return Scanned::kWhole;
  GH_CHECK(text.size() <= kMaxText);
  Sink sink{.hits = &hits};
  const hs_error_t ended = hs_scan(state_->database.get(), text.data(), static_cast<unsigned int>(text.size()), 0,
                                   scratch.state_->scratch.get(), &OnMatch, &sink);
  GH_CHECK(ended == HS_SUCCESS || ended == HS_SCAN_TERMINATED);
  SortNearlySorted(hits);
  return sink.scanned;
}

std::size_t PatternSet::longest_match() const { return state_->longest_match; }

}  // namespace gatehouse::inspect::pattern
