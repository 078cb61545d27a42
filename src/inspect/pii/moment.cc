#include "inspect/pii/moment.h"

#include <algorithm>
#include <array>
#include <string>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

enum WordBits : std::uint32_t { kMonth = 1, kWeekday = 2, kBeforeYear = 4, kAmbiguous = 8 };

constexpr std::size_t kLongestName = 16;

void AddWords(WordTable& table, std::string_view words, std::uint32_t bits) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end != 0) table.Add(words.substr(0, end), bits);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

int NumberAt(std::string_view text, Span span) { return Number(text, span.begin, span.size()); }

bool IsYear(int year) { return year >= 1900 && year < 2100; }

// "T03:07:43.5+02:00" behind a date: the end, or `at` where there is none.
std::size_t TimeEnd(std::string_view text, std::size_t at) {
  const bool introduced = At(text, at) == 'T' || At(text, at) == ' ';
  if (!introduced) return at;
  std::size_t end = at + 1;
  const auto pair = [&](std::size_t from) { return IsDigit(At(text, from)) && IsDigit(At(text, from + 1)); };
  if (!pair(end) || At(text, end + 2) != ':' || !pair(end + 3)) return at;
  end += 5;
  if (At(text, end) == ':' && pair(end + 1)) end += 3;
  if (At(text, end) == '.' && IsDigit(At(text, end + 1))) end = SkipForward(text, end + 1, IsDigit);
  if (At(text, end) == 'Z') return end + 1;
  if ((At(text, end) == '+' || At(text, end) == '-') && pair(end + 1)) {
    const std::size_t minutes = At(text, end + 3) == ':' ? end + 4 : end + 3;
    end = pair(minutes) ? minutes + 2 : end + 3;
  }
  return end;
}

struct Figures {
  std::array<Span, 3> parts{};
  char separator = '\0';
  std::size_t end = 0;  // 0: not three figures
};

Figures ThreeFigures(std::string_view text, std::size_t at) {
  Figures figures;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t end = SkipForward(text, at, IsDigit);
    if (end == at || end - at > 4) return {};
    figures.parts[i] = {at, end};
    at = end;
    if (i == 2) break;
    const char separator = At(text, at);
    if ((separator != '-' && separator != '/' && separator != '.') || (i == 1 && separator != figures.separator))
      return {};
    figures.separator = separator;
    ++at;
  }
  figures.end = at;
  return figures;
}

// How sure it is that three figures are a date; 0: they are none.
float DateConfidence(std::string_view text, const Figures& figures) {
  const auto& [first, second, third] = figures.parts;
  const int a = NumberAt(text, first);
  const int b = NumberAt(text, second);
  const int c = NumberAt(text, third);
  if (first.size() == 4) return IsYear(a) && second.size() <= 2 && third.size() <= 2 && IsDay(a, b, c) ? 0.85F : 0;
  if (first.size() > 2 || second.size() > 2) return 0;
  if (!IsDay(c, b, a) && !IsDay(c, a, b)) return 0;
  if (third.size() == 4) return c >= 1000 && c < 2200 ? 0.8F : 0;
  if (third.size() != 2) return 0;
  return figures.separator == '/' ? 0.5F : 0.3F;
}

}  // namespace

MomentRecogniser::MomentRecogniser() {
  AddWords(
      words_,
      "january february april june july august september october november december jan feb apr jun jul aug sep "
      "sept oct nov dec januar februar märz mai juni juli oktober dezember januari februari maart mei augustus "
      "janvier février mars avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril "
      "mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio "
      "settembre ottobre dicembre stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
      "listopada grudnia janeiro fevereiro março maio junho julho setembro outubro novembro dezembro",
      kMonth);
  AddWords(words_, "march may mar dec jan", kMonth | kAmbiguous);
  AddWords(
      words_,
      "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag "
      "sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado "
      "lunedì martedì mercoledì giovedì venerdì maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
      kWeekday);
  AddWords(
      words_,
      "in since during until till from by year years circa around before after born founded dated of im seit bis ab "
      "jahr en depuis jusqu desde hasta dal nel nell del sinds tot od do roku em até",
      kBeforeYear);
  words_.Each([this](std::string_view word, std::uint32_t) { filter_.Add(word); });
  context_.Add(
      0,
      "born birth birthday birthdate dob geboren geburtsdatum geburtstag né née naissance nacimiento nacido nacida "
      "nato nata nascita geboortedatum geboren urodzenia urodzony urodzona nascimento nascido nascida");
}

void MomentRecogniser::AddTelling(PlainWords& words) const {
  words_.Each([&words](std::string_view word, std::uint32_t bits) {
    if ((bits & (kMonth | kWeekday)) != 0) words.AddTelling(word);
  });
}

void MomentRecogniser::Add(const Piece& piece, Span span, float confidence, std::vector<Sighting>& sightings) const {
  const bool born = confidence >= 0.3F && context_.Before(piece.text, span.begin).test(0);
  sightings.push_back({.entity = born ? "DATE_OF_BIRTH" : "DATE_TIME",
                       .span = span,
                       .confidence = born ? std::max(confidence, 0.9F) : confidence});
}

std::uint32_t MomentRecogniser::WordAt(std::string_view text, std::size_t at, std::size_t end) const {
  if (end <= at || end - at > kLongestName) return 0;
  const ShortWord word = ShortWordAt(text, at);
  if (word.size == end - at && word.size < ShortWord::kLongest && !filter_.MayHave(word)) return 0;
  std::array<char, kLongestName> lower;
  std::ranges::transform(text.substr(at, end - at), lower.begin(), [](char c) { return base::ToLower(c); });
  return words_.Find({lower.data(), end - at});
}

// The word before a place, one space between them.
std::uint32_t MomentRecogniser::WordBefore(std::string_view text, std::size_t at) const {
  if (Before(text, at) != ' ') return 0;
  const std::size_t begin = SkipBack(text, at - 1, at > 24 ? at - 24 : 0, IsWordByte);
  return WordAt(text, begin, at - 1);
}

// " 1999" or ", 1999" behind a day or a month: the end, or `end` where there is none.
std::size_t MomentRecogniser::WithYear(std::string_view text, std::size_t end) const {
  std::size_t at = end;
  if (At(text, at) == '.' || At(text, at) == ',') ++at;
  if (At(text, at) != ' ') return end;
  const std::size_t last = SkipForward(text, at + 1, IsDigit);
  const bool is_year = last == at + 5 && IsYear(NumberAt(text, {at + 1, last})) && !IsWordByte(At(text, last));
  return is_year ? last : end;
}

// "12 March", "12. März", "12th of March" at `at`: the end, or 0.
std::size_t MomentRecogniser::DayAndMonth(std::string_view text, std::size_t at) const {
  std::size_t end = SkipForward(text, at, IsDigit);
  if (end - at > 2 || NumberAt(text, {at, end}) > 31) return 0;
  const std::size_t suffix = SkipForward(text, end, IsLetter);
  const std::string_view ordinal = text.substr(end, suffix - end);
  if (!ordinal.empty() && ordinal != "st" && ordinal != "nd" && ordinal != "rd" && ordinal != "th") return 0;
  end = At(text, suffix) == '.' ? suffix + 1 : suffix;
  if (At(text, end) != ' ' && At(text, end) != '-') return 0;
  ++end;
  for (const std::string_view particle : {"of ", "de "}) {
    if (text.substr(std::min(end, text.size())).starts_with(particle)) end += particle.size();
  }
  const std::size_t last = SkipForward(text, end, [](char c) { return IsLetter(c) || IsHigh(c); });
  return (WordAt(text, end, last) & kMonth) != 0 ? last : 0;
}

void MomentRecogniser::SeeDigits(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  const char before = Before(text, at);
  if (before == '.' || before == '-' || before == '/' || before == '_' || before == '$' || IsHigh(before)) return;
  if (const Figures figures = ThreeFigures(text, at); figures.end != 0) {
    const char behind = At(text, figures.end);
    const bool goes_on = (behind == figures.separator && IsDigit(At(text, figures.end + 1))) || behind == '_';
    const float confidence = goes_on ? 0 : DateConfidence(text, figures);
    const std::size_t end = figures.parts[0].size() == 4 ? TimeEnd(text, figures.end) : figures.end;
    if (confidence > 0 && (end != figures.end || !IsWordByte(behind))) Add(piece, {at, end}, confidence, sightings);
    return;
  }
  if (const std::size_t end = DayAndMonth(text, at); end != 0) {
    const std::size_t last = WithYear(text, end);
    Add(piece, {at, last}, last != end ? 0.85F : 0.6F, sightings);
    return;
  }
  const std::size_t end = SkipForward(text, at, IsDigit);
  const char behind = At(text, end);
  if (end - at != 4 || IsWordByte(behind) || behind == '-' || behind == '/' || !IsYear(NumberAt(text, {at, end})))
    return;
  if ((behind == '.' || behind == ',') && IsDigit(At(text, end + 1))) return;
  if ((WordBefore(text, at) & (kBeforeYear | kMonth)) != 0) Add(piece, {at, end}, 0.5F, sightings);
}

void MomentRecogniser::SeeWord(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  const std::size_t end = SkipForward(text, at, [](char c) { return IsLetter(c) || IsHigh(c); });
  const std::uint32_t word = WordAt(text, at, end);
  if ((word & kWeekday) != 0) Add(piece, {at, end}, 0.5F, sightings);
  if ((word & kMonth) == 0) return;
  // "March 12, 2020", "March 12" or "March 2020".
  std::size_t last = At(text, end) == '.' ? end + 1 : end;
  if (At(text, last) == ' ' && IsDigit(At(text, last + 1))) {
    std::size_t day = SkipForward(text, last + 1, IsDigit);
    if (day - last <= 3 && NumberAt(text, {last + 1, day}) <= 31) {
      for (const std::string_view ordinal : {"st", "nd", "rd", "th"}) {
        if (text.substr(day, 2) == ordinal) day += 2;
      }
      if (IsWordByte(At(text, day))) return;
      Add(piece, {at, WithYear(text, day)}, WithYear(text, day) != day ? 0.85F : 0.6F, sightings);
      return;
    }
  }
  last = WithYear(text, end);
  if (last != end) Add(piece, {at, last}, 0.7F, sightings);
  if (last == end && (word & kAmbiguous) == 0 && end - at > 3) Add(piece, {at, end}, 0.4F, sightings);
}

}  // namespace gatehouse::inspect::pii
