#include "inspect/pii/plain_words.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "inspect/pii/characters.h"
#include "inspect/pii/moment.h"
#include "inspect/pii/name_recogniser.h"

namespace gatehouse::inspect::pii {
namespace {

class PlainWordsTest : public testing::Test {
 protected:
  PlainWordsTest() {
    names.AddTelling(plain);
    moments.AddTelling(plain);
  }

  std::vector<Sighting> SeenAt(std::string_view text, std::size_t at) const {
    std::vector<Sighting> sightings;
    const Piece piece{.text = text};
    names.SeeWords(piece, at, sightings);
    moments.SeeWord(piece, at, sightings);
    return sightings;
  }

  NameRecogniser names;
  MomentRecogniser moments;
  PlainWords plain;
};

TEST_F(PlainWordsTest, EndWhereTheWordEnds) {
  EXPECT_EQ(plain.EndOf("Gateways are useful", 0), 8U);
  EXPECT_EQ(plain.EndOf("see Gateways.", 4), 12U);
  EXPECT_EQ(plain.EndOf("Gateways", 0), 8U);
}

TEST_F(PlainWordsTest, AreNoNamesPlacesDatesOrBeginningsOfMore) {
  for (const char* text : {"John went", "Paris is", "MARCH of", "Suite 913", "Rue Lepic", "Gateways John",
                           "Gateways 12", "Gateways van der", "Gateways-John", "Gateways7", "Gateways_", "German food",
                           "Gatewaysgatewaysgateways are", "Gatew\u00E4ys are"}) {
    EXPECT_EQ(plain.EndOf(text, 0), 0U) << text;
  }
}

// Whatever stands around a word that is told to be plain, nobody sees anything in it.
TEST_F(PlainWordsTest, AreSeenByNobody) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"The", "Dear",   "Gateways", "John", "Smith", "Paris", "New",   "York", "van",          "de",    "la",
       "the", "is",     "name",     "Mr",   "Dr",    "A",     "St",    "12",   "2024",         "March", "May",
       "Rue", "Weg",    "Str",      "born", "Foo",   "and",   "Suite", "al",   "Monday",       "Ltd",   "I",
       "im",  "German", "Ost",      "East", "Bath",  "Sir",   "Will",  "7b",   "Lindenstrasse"});
  constexpr auto kBetween =
      std::to_array<std::string_view>({" ", " ", " ", " ", ". ", ", ", "-", "'", "\n", ": ", ".", "_", "  "});
  std::mt19937 random(11);
  std::size_t told = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (int word = 0; word < 6; ++word) {
      text.append(kWords[random() % kWords.size()]).append(kBetween[random() % kBetween.size()]);
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!IsUpper(text[at]) || IsWordByte(Before(text, at)) || plain.EndOf(text, at) == 0) continue;
      ++told;
      EXPECT_TRUE(SeenAt(text, at).empty()) << text << " at " << at;
    }
  }
  EXPECT_GT(told, 2'500U);  // the test is about something
}

TEST(WordFilter, HasAllThatWasAdded) {
  std::mt19937 random(3);
  std::vector<std::string> words;
  WordFilter filter(9);
  for (int i = 0; i < 1000; ++i) {
    std::string& word = words.emplace_back();
    for (std::size_t size = 1 + random() % 15; word.size() < size;)
      word.push_back(static_cast<char>('a' + random() % 26));
    filter.Add(word);
  }
  for (std::string word : words) {
    EXPECT_TRUE(filter.MayHave(ShortWordAt(word, 0))) << word;
    word.front() = static_cast<char>(word.front() - 'a' + 'A');
    EXPECT_TRUE(filter.MayHave(ShortWordAt(word, 0))) << word;
  }
}

TEST(ShortWord, EndsWithTheLettersAndReadsNothingBehindTheText) {
  const std::string_view written = "Word's end is not anotherveryverylongone";
  for (std::size_t size = 0; size <= written.size(); ++size) {
    const auto bytes = std::make_unique<char[]>(size);
    const std::string_view text(bytes.get(), written.copy(bytes.get(), size));
    for (std::size_t at = 0; at <= size; ++at) {
      const std::size_t letters = SkipForward(text, at, IsLetter) - at;
      EXPECT_EQ(ShortWordAt(text, at).size, std::min(letters, ShortWord::kLongest));
    }
  }
  EXPECT_EQ(ShortWordAt("Ab-", 0).low, ShortWordAt("aB", 0).low);
  EXPECT_EQ(ShortWordAt("abc", 0).low, 0x636261U);
}

}  // namespace
}  // namespace gatehouse::inspect::pii
