#include "inspect/pii/phone.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kMaxGroups = 8;
constexpr std::size_t kMaxDigits = 15;  // E.164
constexpr std::size_t kMinDigits = 6;
constexpr std::string_view kEntity = "PHONE_NUMBER";

// Codes of countries and how many digits follow them there.
struct CountryCode {
  std::string_view code;
  std::uint8_t shortest;
  std::uint8_t longest;
};

constexpr auto kCodes = std::to_array<CountryCode>({
    {"1", 10, 10},  {"7", 10, 10}, {"20", 8, 10},  {"27", 9, 9},   {"30", 10, 10}, {"31", 9, 9},   {"32", 8, 9},
    {"33", 9, 9},   {"34", 9, 9},  {"36", 8, 9},   {"39", 6, 11},  {"40", 9, 9},   {"41", 9, 9},   {"43", 6, 13},
    {"44", 9, 10},  {"45", 8, 8},  {"46", 7, 10},  {"47", 8, 8},   {"48", 9, 9},   {"49", 6, 13},  {"51", 8, 9},
    {"52", 10, 11}, {"53", 8, 8},  {"54", 10, 11}, {"55", 10, 11}, {"56", 9, 9},   {"57", 8, 10},  {"58", 10, 10},
    {"60", 7, 10},  {"61", 9, 9},  {"62", 8, 12},  {"63", 8, 10},  {"64", 8, 10},  {"65", 8, 8},   {"66", 8, 9},
    {"81", 9, 10},  {"82", 8, 10}, {"84", 9, 10},  {"86", 10, 11}, {"90", 10, 10}, {"91", 10, 10}, {"92", 9, 10},
    {"93", 9, 9},   {"94", 9, 9},  {"95", 7, 10},  {"98", 10, 10}, {"351", 9, 9},  {"352", 6, 11}, {"353", 7, 10},
    {"354", 7, 9},  {"355", 8, 9}, {"356", 8, 8},  {"357", 8, 8},  {"358", 6, 12}, {"359", 7, 9},  {"370", 8, 8},
    {"371", 8, 8},  {"372", 7, 8}, {"373", 8, 8},  {"374", 8, 8},  {"375", 9, 9},  {"376", 6, 9},  {"377", 8, 9},
    {"378", 6, 10}, {"380", 9, 9}, {"381", 8, 9},  {"382", 8, 8},  {"383", 8, 8},  {"385", 8, 9},  {"386", 8, 8},
    {"387", 8, 8},  {"389", 8, 8}, {"420", 9, 9},  {"421", 9, 9},  {"423", 7, 9},  {"500", 5, 5},  {"852", 8, 8},
    {"853", 8, 8},  {"855", 8, 9}, {"856", 8, 10}, {"880", 8, 10}, {"886", 8, 9},  {"966", 8, 9},  {"971", 8, 9},
    {"972", 8, 9},  {"973", 8, 8}, {"974", 8, 8},  {"977", 8, 10},
});
// All other codes have three digits and begin with one of these.
constexpr std::string_view kLongCodes = "235689";
constexpr std::size_t kShortestElsewhere = 6;
constexpr std::size_t kLongestElsewhere = 11;

// A number as it is written.
struct Written {
  std::array<Span, kMaxGroups> groups{};
  std::array<char, kMaxGroups> separators{};  // before each group but the first; a parenthesis wins
  std::size_t count = 0;
  std::array<char, kMaxDigits + 1> digits{};
  std::size_t size = 0;  // digits
  std::size_t end = 0;
  enum class Form : std::uint8_t { kPlain, kInternational } form = Form::kPlain;
  bool has_parentheses = false;
  bool has_extension = false;

  std::string_view number() const { return {digits.data(), size}; }
  std::size_t group(std::size_t i) const { return groups[i].size(); }
  bool Has(std::initializer_list<std::size_t> sizes) const {
    return count == sizes.size() && std::ranges::equal(sizes, std::span(groups).first(count), {}, {}, &Span::size);
  }
  bool IsSeparatedBy(std::string_view allowed) const {
    for (std::size_t i = 1; i < count; ++i) {
      if (allowed.find(separators[i]) == std::string_view::npos) return false;
    }
    return true;
  }
};

bool AddGroup(Written& written, std::string_view text, Span group, char separator) {
  // The trunk zero of "+41 (0)62" is not dialled from abroad.
  const bool trunk = written.form == Written::Form::kInternational && group.size() == 1 && text[group.begin] == '0' &&
                     separator == '(';
  if (written.count == kMaxGroups || written.size + group.size() > kMaxDigits) return false;
  if (!trunk) {
    text.copy(&written.digits[written.size], group.size(), group.begin);
    written.size += group.size();
    written.separators[written.count] = separator;
    written.groups[written.count++] = group;
  }
  return true;
}

// The group that begins at `at`, with its parentheses; empty where there is none.
Span GroupAt(std::string_view text, std::size_t at) {
  if (At(text, at) != '(') return {at, SkipForward(text, at, IsDigit)};
  const std::size_t end = SkipForward(text, at + 1, IsDigit);
  const bool closed = end > at + 1 && end - at <= 6 && At(text, end) == ')';
  return {at, closed ? end + 1 : at};
}

// "x123", " ext. 123": the end, or `at` where there is none.
std::size_t ExtensionEnd(std::string_view text, std::size_t at) {
  std::size_t mark = At(text, at) == ' ' ? at + 1 : at;
  const std::size_t letters = SkipForward(text, mark, IsLetter);
  const std::string word = base::ToLower(text.substr(std::min(mark, text.size()), letters - mark));
  if (word != "x" && word != "ext" && word != "extension") return at;
  std::size_t digits = letters;
  while (At(text, digits) == '.' || At(text, digits) == ' ') ++digits;
  const std::size_t end = SkipForward(text, digits, IsDigit);
  return end == digits || end - digits > 7 ? at : end;
}

Written Read(std::string_view text, std::size_t at) {
  Written written;
  if (text[at] == '+') {
    written.form = Written::Form::kInternational;
    ++at;
  }
  char separator = '\0';
  for (;;) {
    const Span group = GroupAt(text, at);
    if (group.size() == 0) break;
    const bool parenthesised = text[group.begin] == '(';
    // Only an area code is in parentheses: it is the first group, or the one behind the country's code.
    if (parenthesised && written.count > (written.form == Written::Form::kInternational ? 1U : 0U)) break;
    const Span digits = parenthesised ? Span{group.begin + 1, group.end - 1} : group;
    if (!AddGroup(written, text, digits, parenthesised ? '(' : separator)) break;
    written.has_parentheses |= parenthesised;
    written.end = group.end;
    const char next = At(text, group.end);
    separator = next;
    if (next == ' ' || next == '-' || next == '.' || next == '/') {
      at = group.end + 1;
    } else if (parenthesised || next == '(') {
      at = group.end;
    } else {
      break;
    }
  }
  const std::size_t extension = ExtensionEnd(text, written.end);
  written.has_extension = extension != written.end;
  written.end = extension;
  return written;
}

// Whether all there is at `at` is one group of fewer digits than a number has: most numbers are that.
bool IsShort(std::string_view text, std::size_t at) {
  const std::size_t end = SkipForward(text, at, IsDigit);
  if (end == at || end - at >= kMinDigits) return false;
  const char next = At(text, end);
  if (next == '(') return false;
  const bool separates = next == ' ' || next == '-' || next == '.' || next == '/';
  const char behind = At(text, end + 1);
  return !separates || (!IsDigit(behind) && behind != '(');
}

bool HasCountryCode(std::string_view number) {
  for (const CountryCode& country : kCodes) {
    if (!number.starts_with(country.code)) continue;
    const std::size_t rest = number.size() - country.code.size();
    return rest >= country.shortest && rest <= country.longest;
  }
  const std::size_t rest = number.size() - std::min<std::size_t>(number.size(), 3);
  return kLongCodes.find(number[0]) != std::string_view::npos && rest >= kShortestElsewhere &&
         rest <= kLongestElsewhere;
}

bool IsYear(std::string_view digits) {
  return digits.size() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
}

// What is something else by the way it is written: dates, decimals in groups of thousands, addresses of machines, the
// numbers of American postal and social services, ranges of years.
bool IsSomethingElse(const Written& written, std::string_view text) {
  const auto group = [&](std::size_t i) { return text.substr(written.groups[i].begin, written.groups[i].size()); };
  if (written.form == Written::Form::kInternational || written.has_parentheses || written.has_extension) return false;
  if (written.Has({4, 2, 2}) || written.Has({2, 2, 4}) || written.Has({1, 2, 4}) || written.Has({2, 1, 4}) ||
      written.Has({1, 1, 4})) {
    return written.IsSeparatedBy("-") || written.IsSeparatedBy("/") || written.IsSeparatedBy(".");
  }
  if (written.Has({4, 2, 2, 2})) return IsYear(group(0));
  if (written.count == 4 && written.IsSeparatedBy(".")) {
    return std::ranges::all_of(std::span(written.groups).first(4), [](Span s) { return s.size() <= 3; });
  }
  if (written.Has({3, 2, 4}) || written.Has({5, 4}) || written.Has({4, 4, 4, 4})) return written.IsSeparatedBy("- ");
  const bool thousands = written.count > 1 && written.group(0) <= 3 &&
                         std::ranges::all_of(std::span(written.groups).subspan(1, written.count - 1),
                                             [](Span s) { return s.size() == 3; });
  if ((thousands || written.count == 2) && written.IsSeparatedBy(".")) return true;
  return written.Has({4, 4}) && IsYear(group(0)) && IsYear(group(1));
}

// How sure the way it is written makes: 0 for what can be anything.
float Plausibility(const Written& written) {
  const std::string_view number = written.number();
  const std::size_t size = number.size();
  if (written.form == Written::Form::kInternational) {
    return HasCountryCode(number) ? 0.75F : 0.4F;
  }
  const bool american = written.Has({3, 3, 4}) || (written.Has({1, 3, 3, 4}) && number[0] == '1');
  if (american && (written.has_parentheses || written.has_extension)) return 0.75F;
  if (american && (written.IsSeparatedBy("-") || written.IsSeparatedBy("."))) return 0.6F;
  if (american) return written.IsSeparatedBy(" ") ? 0.5F : 0.3F;
  if (written.has_parentheses && size >= 7 && size <= 12) return 0.5F;
  if (written.has_extension && size >= 7) return 0.6F;
  const bool trunk = number[0] == '0' && number[1] != '0' && written.group(0) >= 2 && size >= 9 && size <= 12;
  if (trunk && written.Has({2, 2, 2, 2, 2})) return 0.7F;
  if (trunk && written.count > 1) return 0.55F;
  if (number.starts_with("00") && written.count > 1 && size >= 11)
    return HasCountryCode(number.substr(2)) ? 0.6F : 0.2F;
  return written.count > 1 ? 0.15F : 0.05F;
}

// "office", "fax" ... behind a number.
bool HasLabelBehind(std::string_view text, std::size_t end) {
  if (At(text, end) != ' ' && At(text, end) != '-') return false;
  const std::size_t begin = end + 1;
  const std::string word = base::ToLower(text.substr(begin, SkipForward(text, begin, IsLetter) - begin));
  static constexpr auto kLabels =
      std::to_array<std::string_view>({"office", "fax", "mobile", "cell", "home", "work", "tel", "phone", "direct"});
  return std::ranges::find(kLabels, std::string_view(word)) != kLabels.end();
}

// Whether nothing else is on the line.
bool IsLine(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t first = SkipBack(text, begin, 0, [](char c) { return c == ' ' || c == '\t'; });
  const char before = Before(text, first);
  const char behind = At(text, end);
  return first > 0 && before == '\n' && (behind == '\n' || behind == '\r' || behind == '\0');
}

bool IsApart(std::string_view text, std::size_t begin, const Written& written) {
  const char before = Before(text, begin);
  if (IsWordByte(before) || before == '_' || before == '$' || before == '#') return false;
  if ((before == '.' || before == '-' || before == '/' || before == ':') && begin > 1 && IsAlnum(text[begin - 2])) {
    // "Phone:555-1234" is a label; anything else goes on with what stands before.
    if (before != ':' || IsDigit(text[begin - 2])) return false;
  }
  const char behind = At(text, written.end);
  if (IsWordByte(behind) || behind == '_' || behind == '%') return false;
  const bool goes_on = behind == '.' || behind == ',' || behind == '-' || behind == '/' || behind == ':';
  return !goes_on || !IsDigit(At(text, written.end + 1));
}

}  // namespace

PhoneRecogniser::PhoneRecogniser() {
  context_.Add(
      0,
      "phone telephone tel fax mobile mob cell cellphone call called calling dial ring text sms whatsapp contact "
      "reach desk answering messages registered office hotline gsm telefon telefonnummer téléphone telephone "
      "portable handy mobil móvil movil teléfono telefono cellulare telefoon komórka komórkowy telefone "
      "telemóvel celular anrufen rufnummer appeler appelez llamar llame chiamare chiama bellen bel zadzwoń "
      "ligar ligue mobilnummer handynummer numéro");
}

void PhoneRecogniser::See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  if (IsShort(text, at)) return;
  const Written written = Read(text, at);
  if (written.size < kMinDigits || !IsApart(text, at, written) || IsSomethingElse(written, text)) return;
  if (written.number().find_first_not_of(written.number()[0]) == std::string_view::npos) return;
  float confidence = Plausibility(written);
  const bool usual = written.size >= 7 && written.size <= 13;
  if (confidence < 0.1F && !usual) return;
  if (confidence < 0.7F && context_.Before(text, at).test(0)) {
    const bool pairs = written.Has({2, 2, 2});
    confidence = std::max(confidence + 0.3F, usual ? 0.7F : pairs ? 0.55F : 0.4F);
  } else if (confidence < 0.7F && usual && HasLabelBehind(text, written.end)) {
    confidence = std::max(confidence + 0.3F, 0.65F);
  } else if (written.count > 1 && IsLine(text, at, written.end)) {
    confidence += 0.4F;
  }
  sightings.push_back({.entity = kEntity, .span = {at, written.end}, .confidence = std::min(confidence, 0.95F)});
}

}  // namespace gatehouse::inspect::pii
