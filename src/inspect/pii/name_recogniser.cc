#include "inspect/pii/name_recogniser.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::string_view kPerson = "PERSON";
constexpr std::string_view kStreet = "STREET_ADDRESS";
// What stands before somebody's name: words that do alone, words that do with a colon, and the last words of phrases.
constexpr std::string_view kIntroducing =
    "dear named called signed regards sincerely patient customer employee contact bonjour llamo chiamo sono hello hi "
    "hey "
    "hallo liebe lieber cher chère hola ciao caro cara beste heiße heisse m'appelle i'm grüßen grüße imię";
constexpr std::string_view kIntroducingWithColon = "name from attn to cc signed contact";
constexpr auto kIntroducingPhrases = std::to_array<std::string_view>(
    {"name is", "i am", "this is", "ich bin", "name ist", "je suis", "nombre es", "nazywam się", "ik ben", "ik heet",
     "naam is", "me chamo", "nome é", "sehr geehrter", "sehr geehrte"});
constexpr std::string_view kBeforePlaces = "in at to from near of aus nach à en de a";
constexpr auto kStreetEndings =
    std::to_array<std::string_view>({"straße", "strasse", "str.",   "weg",  "platz", "allee",  "gasse", "vej", "gade",
                                     "gatan",  "vägen",   "straat", "laan", "plein", "utca",   "katu",  "tie", "veien",
                                     "gata",   "gaten",   "kuja",   "dijk", "steeg", "brücke", "ufer",  "damm"});

constexpr std::size_t kLongestIntroduction = 15;  // of a word, in bytes

enum IntroductionBits : std::uint32_t { kAlone = 1, kWithColon = 2, kEndsPhrase = 4, kBeforePlace = 8 };

bool IsNameByte(char c) { return IsLetter(c) || IsHigh(c); }

void AddWords(WordTable& table, std::string_view words, std::uint32_t bits) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end != 0) table.Add(words.substr(0, end), bits);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

// The word that ends before `at`, spaces, quotes and one comma or colon apart, in small letters.
struct WordBefore {
  std::array<char, kLongestIntroduction> letters;
  std::size_t size = 0;
  std::size_t begin = 0;
  char mark = '\0';

  std::string_view lower() const { return {letters.data(), size}; }
};

WordBefore FindWordBefore(std::string_view text, std::size_t at) {
  WordBefore word;
  std::size_t end = SkipBack(text, at, 0, [](char c) { return c == ' ' || c == '\n' || c == '"'; });
  if (end == at || end == 0) return word;
  if (text[end - 1] == ',' || text[end - 1] == ':') word.mark = text[--end];
  const std::size_t first = end > kLongestIntroduction ? end - kLongestIntroduction : 0;
  word.begin = SkipBack(text, end, first, [](char c) { return IsNameByte(c) || c == '\''; });
  if (word.begin == first && first != 0) return word;
  word.size = end - word.begin;
  std::ranges::transform(text.substr(word.begin, word.size), word.letters.begin(),
                         [](char c) { return base::ToLower(c); });
  return word;
}

bool EndsPhrase(std::string_view text, const WordBefore& word, std::string_view phrase) {
  const std::size_t end = word.begin + word.size;
  if (end < phrase.size()) return false;
  const std::size_t begin = end - phrase.size();
  return base::EqualIgnoringCase(text.substr(begin, phrase.size()), phrase) && !IsWordByte(Before(text, begin));
}

// A number of a house or a flat that begins at `at`: the end, or 0.
std::size_t HouseNumberEnd(std::string_view text, std::size_t at) {
  std::size_t end = SkipForward(text, at, IsDigit);
  if (end == at || end - at > 5) return 0;
  if (IsLetter(At(text, end)) && !IsWordByte(At(text, end + 1))) ++end;
  return IsWordByte(At(text, end)) ? 0 : end;
}

bool EndsLikeStreet(std::string_view word) {
  constexpr std::size_t kLongestEnding = 8;
  if (word.size() < 5) return false;
  const std::string lower = base::ToLower(word.substr(word.size() - std::min(word.size(), kLongestEnding)));
  return std::ranges::any_of(kStreetEndings, [&](std::string_view ending) {
    return word.size() > ending.size() + 2 && lower.ends_with(ending);
  });
}

}  // namespace

// Words that begin with a capital, initials, and particles between them, one space apart.
NameRecogniser::Words NameRecogniser::Read(std::string_view text, std::size_t at) const {
  Words words;
  while (words.count < kMaxWords) {
    const bool capital = IsCapitalAt(text, at);
    std::size_t end = SkipForward(text, at, IsNameByte);
    while ((At(text, end) == '-' || At(text, end) == '\'') && IsCapitalAt(text, end + 1)) {
      end = SkipForward(text, end + 1, IsNameByte);
    }
    if (end == at || IsDigit(At(text, end)) || At(text, end) == '_') break;
    const std::string_view word = text.substr(at, end - at);
    if (!capital && (words.count == 0 || (words_.Find(word) & kParticle) == 0)) break;
    Word& next = words.words[words.count++];
    next = {.span = {at, end},
            .bits = capital ? words_.Find(word) : 0,
            .form = capital ? Word::Form::kCapital : Word::Form::kParticle};
    if (capital && word.size() == 1) next.form = Word::Form::kInitial;
    words.end = end;
    const bool abbreviated = next.form == Word::Form::kInitial || (next.bits & (kTitle | kUnit | kStreetType)) != 0;
    if (At(text, end) == '.' && abbreviated) ++end;
    if (At(text, end) != ' ') break;
    at = end + 1;
  }
  while (words.count > 0 && words.words[words.count - 1].form == Word::Form::kParticle) --words.count;
  return words;
}

NameRecogniser::NameRecogniser() : words_(MakeGazetteer()) {
  AddWords(introductions_, kIntroducing, kAlone);
  AddWords(introductions_, kIntroducingWithColon, kWithColon);
  AddWords(introductions_, kBeforePlaces, kBeforePlace);
  for (const std::string_view phrase : kIntroducingPhrases) {
    introductions_.Add(phrase.substr(phrase.rfind(' ') + 1), kEndsPhrase);
  }
}

void NameRecogniser::AddTelling(PlainWords& words) const {
  constexpr std::uint32_t kTelling = kGivenName | kSurname | kPlace | kCountry | kNationality | kStreetStart | kUnit;
  words_.Each([&words](std::string_view word, std::uint32_t bits) {
    if ((bits & kTelling) != 0) words.AddTelling(word);
    if ((bits & kParticle) != 0) words.AddParticle(word);
  });
}

bool NameRecogniser::IsIntroduced(std::string_view text, std::size_t at) const {
  const WordBefore word = FindWordBefore(text, at);
  const std::uint32_t bits = introductions_.Find(word.lower());
  if ((bits & kAlone) != 0 || ((bits & kWithColon) != 0 && word.mark == ':')) return true;
  return (bits & kEndsPhrase) != 0 &&
         std::ranges::any_of(kIntroducingPhrases, [&](auto phrase) { return EndsPhrase(text, word, phrase); });
}

bool NameRecogniser::IsAfterPlacePreposition(std::string_view text, std::size_t at) const {
  return (introductions_.Find(FindWordBefore(text, at).lower()) & kBeforePlace) != 0;
}

// The longest listed place that begins with the word; returns the number of the word behind it, or `first`.
std::size_t NameRecogniser::SeePlace(std::string_view text, const Words& words, std::size_t first,
                                     std::vector<Sighting>& sightings) const {
  const bool begins_place = (words.words[first].bits & kBeginsPlace) != 0;
  for (std::size_t last = begins_place ? std::min(first + 3, words.count) : first + 1; last-- > first;) {
    const Span span{words.words[first].span.begin, words.words[last].span.end};
    const std::uint32_t bits =
        last == first ? words.words[first].bits : words_.Find(text.substr(span.begin, span.size()));
    if ((bits & (kPlace | kCountry)) == 0) continue;
    const bool asked = IsAfterPlacePreposition(text, span.begin);
    const bool doubtful = (bits & (kCommonWord | kGivenName | kSurname | kNoName)) != 0;
    float confidence = (bits & kCountry) != 0 ? 0.6F : 0.5F;
    if (doubtful) confidence = 0.3F;
    if (asked) confidence += 0.2F;
    sightings.push_back({.entity = "LOCATION", .span = span, .confidence = confidence});
    return doubtful && !asked ? first : last + 1;
  }
  return first;
}

// Whether another word of a name may follow: initials and particles alone make none.
bool NameRecogniser::HasSecondCapital(const Words& words, std::size_t first) {
  const auto behind = std::span(words.words).first(words.count).subspan(first + 1);
  return std::ranges::any_of(behind, [](const Word& word) { return word.form == Word::Form::kCapital; });
}

std::size_t NameRecogniser::SeePerson(std::string_view text, const Words& words, std::size_t first,
                                      std::vector<Sighting>& sightings) const {
  const auto bits = [&](std::size_t i) { return words.words[i].bits; };
  const auto is_name = [&](std::size_t i) { return (bits(i) & (kGivenName | kSurname)) != 0; };
  const auto is_other = [&](std::size_t i) {
    return (bits(i) & (kNoName | kNationality | kCountry | kStreetType | kUnit | kTitle)) != 0 && !is_name(i);
  };
  const bool titled = first > 0 && (bits(first - 1) & kTitle) != 0;
  if (words.words[first].form == Word::Form::kParticle || is_other(first)) return first;
  if (!titled && !is_name(first) && !HasSecondCapital(words, first)) return first;
  const bool introduced = !titled && IsIntroduced(text, words.words[first].span.begin);
  std::size_t last = first;  // of the name
  std::size_t listed = is_name(first) ? 1 : 0;
  std::size_t unlisted = 1 - listed;
  for (std::size_t i = first + 1; i < words.count && i < first + 5; ++i) {
    if (words.words[i].form != Word::Form::kCapital) continue;
    if (is_other(i) || (!is_name(i) && (unlisted > 0 || listed == 0) && !(titled || introduced))) break;
    listed += is_name(i) ? 1 : 0;
    unlisted += is_name(i) ? 0 : 1;
    last = i;
  }
  const bool given_first = (bits(first) & kGivenName) != 0;
  const bool common = (bits(first) & (kCommonWord | kNoName)) != 0;
  float confidence = 0;
  if (titled) {
    confidence = 0.85F;
  } else if (introduced && (listed > 0 ? !(common && last == first) || given_first : last > first)) {
    confidence = listed > 0 ? 0.8F : 0.6F;
  } else if (given_first && last > first) {
    confidence = listed >= 2 ? (common ? 0.6F : 0.85F) : (common ? 0.35F : 0.65F);
  } else if (given_first) {
    confidence = common || (bits(first) & (kPlace | kCountry)) != 0 ? 0.2F : 0.5F;
  } else if (last > first && listed >= 1) {
    confidence = common ? 0.3F : 0.45F;
  }
  if (confidence == 0) return first;
  sightings.push_back({.entity = kPerson,
                       .span = {words.words[first].span.begin, words.words[last].span.end},
                       .confidence = confidence});
  return last + 1;
}

// "Rue Lepic 12", "Lindenstraße 5", "Suite 913".
std::size_t NameRecogniser::SeeNamedStreet(std::string_view text, const Words& words, std::size_t first,
                                           std::vector<Sighting>& sightings) const {
  const Word& word = words.words[first];
  const std::string_view written = text.substr(word.span.begin, word.span.size());
  const bool is_unit = (word.bits & kUnit) != 0;
  const bool is_start = (word.bits & kStreetStart) != 0 && first + 1 < words.count;
  const std::size_t last = is_start ? words.count - 1 : first;
  std::size_t end = words.words[last].span.end;
  if (At(text, end) == '.') ++end;
  const std::size_t space = At(text, end) == ',' ? end + 1 : end;
  const std::size_t number = At(text, space) == ' ' ? HouseNumberEnd(text, space + 1) : 0;
  if (number == 0 && !is_start) return first;
  if (!is_unit && !is_start && !EndsLikeStreet(written)) return first;
  const float confidence = number == 0 ? 0.4F : is_unit ? 0.5F : 0.75F;
  sightings.push_back({.entity = kStreet,
                       .span = {word.span.begin, number == 0 ? words.words[last].span.end : number},
                       .confidence = confidence});
  return last + 1;
}

std::size_t NameRecogniser::SeeWords(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  const Words words = Read(text, at);
  for (std::size_t first = 0; first < words.count;) {
    const Word& word = words.words[first];
    if (word.form == Word::Form::kParticle) {
      ++first;
      continue;
    }
    if ((word.bits & kNationality) != 0) {
      sightings.push_back({.entity = "NRP", .span = word.span, .confidence = 0.5F});
    }
    std::size_t next = SeeNamedStreet(text, words, first, sightings);
    if (next == first) next = SeePlace(text, words, first, sightings);
    if (next == first) next = SeePerson(text, words, first, sightings);
    first = std::max(next, first + 1);
  }
  return std::max(words.end, SkipForward(text, at, IsWordByte));
}

void NameRecogniser::SeeStreet(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  const std::size_t number = HouseNumberEnd(text, at);
  if (number == 0 || At(text, number) != ' ' || !IsCapitalAt(text, number + 1)) return;
  const Words words = Read(text, number + 1);
  for (std::size_t i = std::min<std::size_t>(words.count, 5); i-- > 0;) {
    const Word& word = words.words[i];
    const bool street = i > 0 && (word.bits & kStreetType) != 0;
    const bool foreign = i == 0 && words.count > 1 && (word.bits & kStreetStart) != 0;
    const bool compound = EndsLikeStreet(text.substr(word.span.begin, word.span.size()));
    if (!street && !foreign && !compound) continue;
    const std::size_t end = foreign ? words.words[words.count - 1].span.end : word.span.end;
    sightings.push_back({.entity = kStreet, .span = {at, end}, .confidence = 0.75F});
    return;
  }
}

}  // namespace gatehouse::inspect::pii
