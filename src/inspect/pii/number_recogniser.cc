#include "inspect/pii/number_recogniser.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "base/check.h"
#include "inspect/byte_block.h"
#include "inspect/pii/characters.h"
#include "inspect/pii/validators.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kMaxGroups = 16;
constexpr std::size_t kMaxGroupsOfNumber = 8;
constexpr std::size_t kLongestIban = 34;

bool IsSeparator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/' || c == '+'; }

// A group behind a space belongs to the run if it may be part of a number: it has a digit, or is of a few capitals.
bool MayFollowSpace(std::string_view group) {
  if (std::ranges::any_of(group, IsDigit)) return true;
  return group.size() <= 4 && std::ranges::all_of(group, IsUpper);
}

// Numbers that are typed where none is known: one digit only.
bool IsFiller(std::string_view number) { return number.find_first_not_of(number[0]) == std::string_view::npos; }

// The letters and digits of what is written, which is no longer than a form.
class PlainNumber {
 public:
  explicit PlainNumber(std::string_view written) {
    for (const char c : written) {
      if (IsAlnum(c)) text_[size_++] = IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, NumberRecogniser::kLongestForm> text_;
  std::size_t size_ = 0;
};

// The check digits of Finland's numbers stand behind a sign that is part of them.
std::string_view WithSigns(const NumberKind& kind, std::string_view written, std::string_view number) {
  return kind.entity == "FI_PERSONAL_IDENTITY_CODE" ? written : number;
}

std::optional<Sighting> IbanAt(std::string_view text, std::size_t at) {
  if (at + 15 > text.size() || !IsLetter(text[at]) || !IsLetter(text[at + 1]) || !IsDigit(text[at + 2]) ||
      !IsDigit(text[at + 3])) {
    return {};
  }
  std::string number;
  std::optional<Sighting> found;
  number.reserve(kLongestIban);
  for (std::size_t i = at; i < text.size() && number.size() < kLongestIban; ++i) {
    const bool separates = (text[i] == ' ' || text[i] == '-') && number.size() % 4 == 0;
    if (separates && IsAlnum(At(text, i + 1))) continue;
    if (!IsAlnum(text[i])) break;
    number.push_back(IsLower(text[i]) ? static_cast<char>(text[i] - 'a' + 'A') : text[i]);
    if (number.size() >= 15 && !IsAlnum(At(text, i + 1)) && IsIban(number)) {
      found = Sighting{.entity = "IBAN_CODE", .span = {at, i + 1}, .confidence = 1};
    }
  }
  return found;
}

std::optional<Sighting> WalletAt(std::string_view text, Span group) {
  const std::string_view word = text.substr(group.begin, group.size());
  const bool may_be = word.size() == 42 || (word.size() >= 26 && word.size() <= 74);
  if (!may_be || !(IsBitcoin(word) || IsEthereum(word))) return {};
  return Sighting{.entity = "CRYPTO", .span = group, .confidence = 1};
}

}  // namespace

// Groups of letters and digits with a separator of one byte between them.
struct NumberRecogniser::Run {
  Run(const Piece& piece, std::size_t at) : text(piece.text), seen_at(at) {
    const ByteBlock block(text, at);
    digits = block.Find(ByteBlock::IsDigit);
    capitals = block.Find(ByteBlock::IsCapital);
    for (std::size_t begin = at; count < kMaxGroups;) {
      const std::size_t end = SkipForward(text, begin, IsAlnum);
      if (count > 0 && text[begin - 1] == ' ' && !MayFollowSpace(text.substr(begin, end - begin))) break;
      groups[count++] = {begin, end};
      if (!IsSeparator(At(text, end)) || !IsAlnum(At(text, end + 1))) break;
      begin = end + 1;
    }
  }

  Span Written(std::size_t first, std::size_t last) const { return {groups[first].begin, groups[last].end}; }

  // Whether nothing before or behind goes on with the same number.
  bool IsApart(Span written) const {
    const char before = Before(text, written.begin);
    const bool glued =
        before == '-' || before == '.' || before == '/' || before == ',' || before == ':' || before == '+';
    if (before == '_' || before == '$' || IsHigh(before)) return false;
    if (glued && written.begin > 1 && IsAlnum(text[written.begin - 2])) {
      // "name:number" and "a,4111..." are lists; a sign between digits is not.
      if ((before != ':' && before != ',') || IsDigit(text[written.begin - 2])) return false;
    }
    const char behind = At(text, written.end);
    if (behind == '_' || behind == '%' || behind == '@' || IsHigh(behind)) return false;
    if (behind == '.' || behind == ',' || behind == '/' || behind == '+') return !IsDigit(At(text, written.end + 1));
    return behind != '-' || !IsDigit(At(text, written.end + 1));
  }

  std::string_view text;
  std::size_t seen_at;  // where the bytes are of which the next two are
  std::uint64_t digits = 0;
  std::uint64_t capitals = 0;
  std::array<Span, kMaxGroups> groups;
  std::size_t count = 0;
  mutable std::optional<Topics> topics;  // of the words before the place that was looked at last
  mutable std::size_t topics_at = 0;
};

NumberRecogniser::NumberRecogniser(float least) : least_(least) {
  const auto kinds = NumberKinds();
  GH_CHECK(kinds.size() <= kTopics);
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    context_.Add(kind, kinds[kind].words);
    for (std::string_view forms = kinds[kind].forms; !forms.empty();) {
      const std::size_t end = std::min(forms.find('|'), forms.size());
      Add(forms.substr(0, end), kind);
      forms.remove_prefix(std::min(end + 1, forms.size()));
    }
  }
}

void NumberRecogniser::Add(std::string_view shape, std::size_t kind) {
  GH_CHECK(shape.size() <= kLongestForm);
  auto& [shapes, forms, layouts] = forms_[shape.size()];
  auto same = std::ranges::find(shapes, shape, &Shape::text);
  if (same == shapes.end()) {
    Shape added{.text = shape};
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == '9') added.digits |= 1U << i;
      if (shape[i] == 'A') added.capitals |= 1U << i;
      if (shape[i] == '9' || shape[i] == 'A' || shape[i] == 'X') added.alnums |= 1U << i;
    }
    same = shapes.insert(shapes.end(), added);
    layouts |= LayoutBit(added.alnums);
    GH_CHECK(shapes.size() <= 64);
  }
  forms.push_back(
      {.shape = static_cast<std::uint16_t>(same - shapes.begin()), .kind = static_cast<std::uint16_t>(kind)});
}

bool NumberRecogniser::Shape::Matches(std::string_view written, std::uint32_t is_digit,
                                      std::uint32_t is_capital) const {
  if ((is_digit | is_capital) != alnums || (is_digit & digits) != digits || (is_capital & capitals) != capitals) {
    return false;
  }
  char separator = '\0';
  for (std::uint32_t rest = ~alnums & ((1U << text.size()) - 1); rest != 0; rest &= rest - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(rest));
    const char c = written[at];
    if (text[at] != '~') {
      if (c != text[at]) return false;
      continue;
    }
    if (separator == '\0') separator = c;
    if (c != separator || (c != ' ' && c != '-' && c != '.')) return false;
  }
  return true;
}

// The shapes in which it is written, a bit for each.
std::uint64_t NumberRecogniser::MatchedBy(const Forms& forms, const Run& run, Span written) {
  std::uint64_t digits = run.digits;
  std::uint64_t capitals = run.capitals;
  std::size_t from = written.begin - run.seen_at;
  if (from + written.size() > ByteBlock::kSize) {
    const ByteBlock block(run.text, written.begin);
    digits = block.Find(ByteBlock::IsDigit);
    capitals = block.Find(ByteBlock::IsCapital);
    from = 0;
  }
  const std::uint64_t own = BitRange(0, written.size());
  const auto is_digit = static_cast<std::uint32_t>(digits >> from & own);
  const auto is_capital = static_cast<std::uint32_t>(capitals >> from & own);
  if ((forms.layouts & LayoutBit(is_digit | is_capital)) == 0) return 0;
  const std::string_view text = run.text.substr(written.begin, written.size());
  std::uint64_t matched = 0;
  for (std::size_t shape = 0; shape < forms.shapes.size(); ++shape) {
    if (forms.shapes[shape].Matches(text, is_digit, is_capital)) matched |= std::uint64_t{1} << shape;
  }
  return matched;
}

// The most confident reading of what is written; confidence 0 where there is none.
Sighting NumberRecogniser::BestOf(const Run& run, Span written) const {
  Sighting best{.span = written};
  if (written.size() > kLongestForm) return best;
  const Forms& forms = forms_[written.size()];
  const std::uint64_t matched = forms.layouts == 0 ? 0 : MatchedBy(forms, run, written);
  if (matched == 0) return best;
  const std::string_view text = run.text.substr(written.begin, written.size());
  const PlainNumber number(text);
  if (IsFiller(number.text())) return best;
  if (!run.topics || run.topics_at != written.begin) {
    run.topics = context_.Before(run.text, written.begin);
    run.topics_at = written.begin;
  }
  const std::uint64_t own = BitRange(0, written.size());
  for (const Form& form : forms.forms) {
    if ((matched >> form.shape & 1U) == 0) continue;
    const NumberKind& kind = NumberKinds()[form.kind];
    const float alone = forms.shapes[form.shape].alnums == own ? kind.solid : kind.grouped;
    const float confidence = run.topics->test(form.kind) ? kind.in_context : alone;
    if (confidence <= best.confidence || confidence < least_) continue;
    if (kind.holds != nullptr && !kind.holds(WithSigns(kind, text, number.text()))) continue;
    best = {.entity = kind.entity, .span = written, .confidence = confidence};
  }
  return best;
}

std::size_t NumberRecogniser::See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const Run run(piece, at);
  for (std::size_t first = 0; first < run.count;) {
    std::size_t next = first + 1;
    Sighting best;
    if (const auto iban = IbanAt(run.text, run.groups[first].begin); iban && run.IsApart(iban->span)) {
      best = *iban;
    } else if (const auto wallet = WalletAt(run.text, run.groups[first]); wallet && run.IsApart(wallet->span)) {
      best = *wallet;
    } else {
      for (std::size_t last = std::min(first + kMaxGroupsOfNumber, run.count); last-- > first;) {
        const Span written = run.Written(first, last);
        const Sighting sighting = BestOf(run, written);
        if (sighting.confidence > best.confidence && run.IsApart(written)) best = sighting;
      }
    }
    if (best.confidence > 0) {
      sightings.push_back(best);
      while (next < run.count && best.confidence >= 0.5F && run.groups[next].begin < best.span.end) ++next;
    }
    first = next;
  }
  return run.count == 0 ? at + 1 : run.groups[run.count - 1].end;
}

}  // namespace gatehouse::inspect::pii
