#include "inspect/seam.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace gatehouse::inspect {
namespace {

// All of `text` that can be cut off, piece by piece, as it would be if it came byte by byte; `|` between pieces.
std::string Cut(std::string_view text) {
  std::string pieces;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= text.size(); ++end) {
    const std::size_t seam = begin + LastSeam(text.substr(begin, end - begin));
    if (seam == begin) continue;
    pieces.append(text.substr(begin, seam - begin)).push_back('|');
    begin = seam;
  }
  return pieces.append(text.substr(begin));
}

// Every seam of the text, found from its beginning each time.
std::vector<std::size_t> Seams(std::string_view text) {
  std::vector<std::size_t> seams;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const std::size_t seam = LastSeam(text.substr(0, end));
    if (seam != 0 && (seams.empty() || seams.back() != seam)) seams.push_back(seam);
  }
  return seams;
}

TEST(Seam, IsBehindWordsThatEndThere) {
  EXPECT_EQ(Cut("please get what they said, now"), "please |get |what |they |said, |now");
  EXPECT_EQ(Cut("tabs\tand  lines\nhere"), "tabs\t|and | |lines\n|here");
}

TEST(Seam, KeepsTogetherWhatGoesOn) {
  EXPECT_EQ(Cut("card 4111 1111 1111 1111 is mine"), "card |4111 1111 1111 1111 is |mine");
  EXPECT_EQ(Cut("ask John van der Berg about it"), "ask |John van der Berg about |it");
  EXPECT_EQ(Cut("the key: abcdef and more"), "the |key: abcdef |and |more");
  EXPECT_EQ(Cut("say i g n o r e all of it"), "say |i g n o r e all |of it");
  EXPECT_EQ(Cut("say \"John\" there"), "say |\"John\" there");
  EXPECT_EQ(Cut("gr\u00FC\u00DFe sind da"), "gr\u00FC\u00DFe sind |da");
}

TEST(Seam, IsAtTheEndOfALineOfLetters) {
  EXPECT_EQ(Cut("by John\nand Mary\r\nalso"), "by |John\n|and |Mary\r\n|also");
  EXPECT_EQ(Cut("call 555\n1234 then"), "call |555\n1234 then");
  EXPECT_EQ(Cut("call 555\n\n1234\r\n\r\nthen"), "call |555\n\n|1234\r\n\r\n|then");
}

TEST(Seam, KeepsALineEndWhole) {
  EXPECT_EQ(LastSeam("word\r"), 0u);
  EXPECT_EQ(LastSeam("word\r\n"), 6u);
  EXPECT_EQ(LastSeam("word\rx"), 5u);
}

TEST(Seam, IsBehindStopsOfScriptsWithoutSpaces) {
  EXPECT_EQ(Cut("\u4F60\u597D\uFF0C\u4E16\u754C\u3002\u518D\u89C1"),
            "\u4F60\u597D\uFF0C|\u4E16\u754C\u3002|\u518D\u89C1");
  EXPECT_EQ(Cut("\uFF41\uFF0C\uFF42"), "\uFF41\uFF0C\uFF42") << "full-width letters are no ideographs";
}

TEST(Seam, BoundsWhatIsKept) {
  std::string numbers;
  while (numbers.size() < 1000) numbers += "12345 ";
  EXPECT_EQ(Cut(numbers).find('|'), 162u);
  std::string letters;
  while (letters.size() < 1200) letters += "x ";
  EXPECT_EQ(Cut(letters).find('|'), kLongestSpaced);
  const std::string word(3 * kLongestWord, 'x');
  EXPECT_EQ(Seams(word), (std::vector<std::size_t>{kLongestWord, 2 * kLongestWord, 3 * kLongestWord}));
  std::string wide = "ab";
  while (wide.size() < 2 * kLongestWord) wide += "\u0416";
  wide.replace(0, 2, "a");
  EXPECT_EQ(LastSeam(std::string_view(wide).substr(0, kLongestWord + 1)), kLongestWord - 1) << "not within a character";
}

TEST(Seam, DoesNotDependOnHowTheTextComes) {
  std::mt19937 random(20261123);
  const std::vector<std::string_view> parts = {"a",      "word", "X",  "Name", "12", " ",   " ",      "  ",
                                               "\n",     "\r\n", "\r", ":",    "=",  "van", "\u00E9", "\u3002",
                                               "\u4E16", "\xE4", "(",  "\t",   "\"", ",",   "\xFF"};
  for (int round = 0; round < 60; ++round) {
    std::string text;
    const std::size_t size = 40 + (random() % 600);
    while (text.size() < size) text += parts[random() % parts.size()];
    if (round % 10 == 0) text.insert(text.size() / 2, kLongestWord + (random() % 50), round % 20 == 0 ? 'z' : '\xB4');
    const std::vector<std::size_t> seams = Seams(text);
    EXPECT_TRUE(std::ranges::is_sorted(seams));
    std::size_t begin = 0;
    while (begin < text.size()) {  // pieces of any size, cut at the last seam there is
      const std::size_t end = std::min(text.size(), begin + 1 + (random() % 300));
      const std::size_t seam = begin + LastSeam(std::string_view(text).substr(begin, end - begin));
      if (seam != begin) {
        ASSERT_TRUE(std::ranges::binary_search(seams, seam)) << text << " at " << seam;
        begin = seam;
      } else if (end == text.size() || end - begin > 250) {
        const auto next = std::ranges::upper_bound(seams, begin);
        if (next == seams.end()) break;
        begin = *next;
      }
    }
  }
}

// The piece at any place, from any seam before it, is the one that all seams of the text leave.
TEST(Seam, TellsThePieceAtAPlace) {
  constexpr std::string_view kParts[] = {
      "word", " ", "Name", "7", "\n", "a", "x: ", "\u00E9t\u00E9", "\r\n", "van ", "  ", "9-9"};
  std::mt19937 random(11);
  for (int round = 0; round < 25; ++round) {
    std::string text;
    while (text.size() < 700) text += kParts[random() % std::size(kParts)];
    text += "end";
    std::vector<std::size_t> seams = Seams(text);
    seams.insert(seams.begin(), 0);
    for (std::size_t at = 0; at < text.size(); at += 1 + random() % 7) {
      const auto after = std::ranges::upper_bound(seams, at);
      const Span expected{*(after - 1), after == seams.end() ? text.size() : *after};
      const std::size_t from = seams[random() % static_cast<std::size_t>(after - seams.begin())];
      ASSERT_EQ(PieceAt(text, from, at), expected) << text << " at " << at << " from " << from;
    }
    ASSERT_EQ(NextSeam(text), seams.size() > 1 ? seams[1] : text.size());
  }
}

// A finder that goes on from piece to piece finds those that a search from the beginning does.
TEST(Seam, PiecesAreTheSameInWhateverOrderTheyAreAskedFor) {
  std::mt19937 random(5);
  const std::string_view letters = "abcdefgh  ABC 019 .,:-'\r\n\n\t\xC3\xA9\xE4\xB8\xAD\xE3\x80\x82";
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (std::size_t size = 1 + random() % 700; text.size() < size;) text.push_back(letters[random() % letters.size()]);
    PieceFinder ahead(text, 0);
    PieceFinder anyhow(text, 0);
    for (std::size_t at = random() % 9; at < text.size(); at += 1 + random() % 60) {
      std::size_t begin = 0;
      std::size_t end = NextSeam(text);
      for (; end <= at; end = begin + NextSeam(std::string_view(text).substr(begin))) begin = end;
      const Span expected{.begin = begin, .end = end};
      EXPECT_EQ(ahead.At(at), expected) << round << " at " << at;
      EXPECT_EQ(anyhow.At(at), expected) << round << " at " << at;
      anyhow.At(random() % text.size());
    }
  }
}

}  // namespace
}  // namespace gatehouse::inspect
