#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "codec/crypto/crc32.h"
#include "codec/crypto/hash.h"
#include "codec/json/document.h"
#include "llm/token/counter.h"
#include "llm/token/estimate.h"
#include "llm/token/family.h"
#include "llm/token/split.h"
#include "llm/token/table.h"
#include "llm/token/table_file.h"

namespace gatehouse::llm::token {
namespace {

void Put(std::string& bytes, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>((number >> (8 * i)) & 0xFF);
}

void Sum(std::string& bytes) {
  const auto digest = codec::crypto::Sha256(std::string_view(bytes).substr(40));
  bytes.replace(8, digest.size(), codec::crypto::AsText(digest));
}

// A table file made by the letter of docs/formats/token_table.md: all single bytes, then `tokens` in the order of rank.
std::string TableBytes(std::vector<std::string> tokens, std::uint32_t slot_count = 1024) {
  std::vector<std::string> all;
  for (int byte = 0; byte < 256; ++byte) all.emplace_back(1, static_cast<char>(byte));
  all.insert(all.end(), tokens.begin(), tokens.end());
  std::string slots(slot_count * 8, '\xff');
  std::string blob;
  std::size_t longest = 0;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const std::uint32_t hash = TokenHash(all[rank]);
    std::size_t slot = hash % slot_count;
    while (slots.compare(slot * 8, 4, "\xff\xff\xff\xff") != 0) slot = (slot + 1) % slot_count;
    Put(slots, slot * 8, static_cast<std::uint32_t>(blob.size() | (all[rank].size() << 24)));
    Put(slots, slot * 8 + 4, static_cast<std::uint32_t>(rank) | (hash & 0xFFF0'0000));
    blob += all[rank];
    longest = std::max(longest, all[rank].size());
  }
  std::string bytes(72, '\0');
  bytes.replace(0, 8, "GHTOKEN1");
  Put(bytes, 40, static_cast<std::uint32_t>(all.size()));
  Put(bytes, 44, slot_count);
  Put(bytes, 48, static_cast<std::uint32_t>(longest));
  Put(bytes, 52, static_cast<std::uint32_t>(blob.size()));
  bytes.replace(56, 4, "test");
  bytes += slots + blob;
  Sum(bytes);
  return bytes;
}

// Keeps the bytes of a table beside it.
struct OwnedTable {
  explicit OwnedTable(std::string content) : bytes(std::move(content)), opened(Table::Open(bytes)) {}
  std::string bytes;
  base::Result<Table> opened;
};

std::shared_ptr<const Table> Share(const std::shared_ptr<OwnedTable>& owned) {
  EXPECT_TRUE(owned->opened.ok()) << owned->opened.error().detail;
  return {owned, &owned->opened.value()};
}

const std::vector<std::string> kTokens = {"ab", "bc", "abc", "cd", "abcd", "aa", "aaaa", "aaaaaaaa", " a", "\xC3\xA9"};

TEST(TokenTable, FindsWhatIsInIt) {
  const auto table = Share(std::make_shared<OwnedTable>(TableBytes(kTokens)));
  EXPECT_EQ(table->name(), "test");
  EXPECT_EQ(table->size(), 256 + kTokens.size());
  EXPECT_EQ(table->longest(), 8U);
  for (std::size_t i = 0; i < kTokens.size(); ++i) EXPECT_EQ(table->Find(kTokens[i]), 256 + i) << kTokens[i];
  EXPECT_EQ(table->Find("a"), static_cast<std::uint32_t>('a'));
  EXPECT_EQ(table->Find("zz"), Table::kNoRank);
  EXPECT_EQ(table->Find(std::string(500, 'a')), Table::kNoRank);
  EXPECT_EQ(table->FindPair('a', 'b'), 256U);
  EXPECT_EQ(table->FindPair('b', 'a'), Table::kNoRank);
}

TEST(TokenTable, RefusesWhatIsDamaged) {
  const std::string good = TableBytes(kTokens);
  ASSERT_TRUE(OwnedTable(good).opened.ok());
  for (std::size_t i = 0; i < good.size(); i += i < 200 ? 1 : 37) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(OwnedTable(bad).opened.ok()) << i;
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{8}, std::size_t{71}, std::size_t{72}, good.size() - 1}) {
    EXPECT_FALSE(OwnedTable(good.substr(0, size)).opened.ok()) << size;
  }
}

// With a right checksum: what a wrong builder could write must not lead outside the file or into an endless search.
TEST(TokenTable, RefusesWhatIsInconsistent) {
  const auto with = [](auto change) {
    std::string bytes = TableBytes(kTokens);
    change(bytes);
    Sum(bytes);
    return OwnedTable(bytes).opened.ok();
  };
  EXPECT_TRUE(with([](std::string&) {}));
  EXPECT_FALSE(with([](std::string& bytes) { Put(bytes, 40, 3); }));
  EXPECT_FALSE(with([](std::string& bytes) { Put(bytes, 44, 1000); }));
  EXPECT_FALSE(with([](std::string& bytes) { Put(bytes, 48, 1); }));
  EXPECT_FALSE(with([](std::string& bytes) { Put(bytes, 52, 1); }));
  EXPECT_FALSE(with([](std::string& bytes) {
    std::size_t at = 72;
    while (bytes.compare(at, 4, "\xff\xff\xff\xff") == 0) at += 8;
    Put(bytes, at, 0x01FF'FFFF);
  }));
  EXPECT_FALSE(with([](std::string& bytes) { bytes[72 + 1024 * 8 + 'a'] ^= 1; })) << "a single byte is missing";
}

// The definition, as slow as it reads: join the leftmost pair of lowest rank until none is left.
std::vector<std::string> MergeByDefinition(const Table& table, std::string_view piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  while (true) {
    std::uint32_t lowest = Table::kNoRank;
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const std::uint32_t rank = table.Find(parts[i] + parts[i + 1]);
      if (rank < lowest) {
        lowest = rank;
        where = i;
      }
    }
    if (lowest == Table::kNoRank) return parts;
    parts[where] += parts[where + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

TEST(TokenCounter, MergesByDefinitionWhateverTheLength) {
  const auto table = Share(std::make_shared<OwnedTable>(TableBytes(kTokens)));
  Counter counter(table, Pattern::kO200k);
  std::mt19937 random(9);
  for (int round = 0; round < 400; ++round) {
    std::string piece;
    for (std::size_t n = 1 + random() % 300; n > 0; --n) piece += "aaabcd"[random() % 6];
    std::vector<std::uint32_t> expected;
    if (table->Find(piece) != Table::kNoRank) continue;
    for (const auto& part : MergeByDefinition(*table, piece)) expected.push_back(table->Find(part));
    ASSERT_EQ(counter.Encode(piece), expected) << piece;
    ASSERT_EQ(counter.Count(piece), expected.size()) << piece;
    ASSERT_EQ(counter.Count(piece), expected.size()) << "from the cache: " << piece;
  }
}

TEST(TokenCounter, AMegabyteWithoutASpaceIsNoTrouble) {
  const auto table = Share(std::make_shared<OwnedTable>(TableBytes(kTokens)));
  Counter counter(table, Pattern::kO200k);
  EXPECT_EQ(counter.Count(std::string(1 << 20, 'a')), (1U << 20) / 8);
  EXPECT_EQ(counter.Count(""), 0U);
}

std::vector<std::string> Pieces(Pattern pattern, std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    pieces.emplace_back(text.substr(0, FirstPiece(pattern, text)));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

using Strings = std::vector<std::string>;

TEST(TokenSplit, O200kCutsByCaseAndScript) {
  const auto pieces = [](std::string_view text) { return Pieces(Pattern::kO200k, text); };
  EXPECT_EQ(pieces("Hello, world  12345!"), (Strings{"Hello", ",", " world", " ", " ", "123", "45", "!"}));
  EXPECT_EQ(pieces("HTTPServer camelCase"), (Strings{"HTTPServer", " camel", "Case"}));
  EXPECT_EQ(pieces("DON'T we'll"), (Strings{"DON'T", " we'll"}));
  EXPECT_EQ(pieces("\xE3\x81\x82"
                   "AB"
                   "\xE3\x81\x84"),
            (Strings{"\xE3\x81\x82"
                     "AB"
                     "\xE3\x81\x84"}));
  EXPECT_EQ(pieces("\xE3\x81\x82"
                   "AB "),
            (Strings{"\xE3\x81\x82", "AB", " "}));
  EXPECT_EQ(pieces("a\n\n  b"), (Strings{"a", "\n\n", " ", " b"}));
  EXPECT_EQ(pieces("x\n  "), (Strings{"x", "\n", "  "}));
  EXPECT_EQ(pieces("a/b//\nc"), (Strings{"a", "/b", "//\n", "c"}));
  EXPECT_EQ(pieces("\xFFzz\xC3"), (Strings{"\xFFzz", "\xC3"}));
}

TEST(TokenSplit, Cl100kCutsByLettersAlone) {
  const auto pieces = [](std::string_view text) { return Pieces(Pattern::kCl100k, text); };
  EXPECT_EQ(pieces("DON'T we'll"), (Strings{"DON", "'T", " we", "'ll"}));
  EXPECT_EQ(pieces("camelCase"), (Strings{"camelCase"}));
  EXPECT_EQ(pieces("x\n  "), (Strings{"x", "\n  "}));
  EXPECT_EQ(pieces("x\n  y"), (Strings{"x", "\n", " ", " y"}));
}

TEST(TokenFamily, IsKnownByName) {
  const struct {
    std::string_view model;
    Pattern pattern;
    Certainty certainty;
    std::uint32_t permille;
  } cases[] = {
      {"gpt-4o-mini", Pattern::kO200k, Certainty::kExact, 1000},
      {"openai/gpt-4.1", Pattern::kO200k, Certainty::kExact, 1000},
      {"ft:gpt-4o:acme::x", Pattern::kO200k, Certainty::kExact, 1000},
      {"gpt-4-turbo", Pattern::kCl100k, Certainty::kExact, 1000},
      {"gpt-3.5-turbo", Pattern::kCl100k, Certainty::kExact, 1000},
      {"GPT-5.2", Pattern::kO200k, Certainty::kExact, 1000},
      {"gpt-6-mini", Pattern::kO200k, Certainty::kEstimated, 1000},
      {"o3-mini", Pattern::kO200k, Certainty::kExact, 1000},
      {"o1", Pattern::kO200k, Certainty::kExact, 1000},
      {"o3xyz", Pattern::kO200k, Certainty::kEstimated, 1350},
      {"text-embedding-3-small", Pattern::kCl100k, Certainty::kExact, 1000},
      {"claude-sonnet-5", Pattern::kO200k, Certainty::kEstimated, 1350},
      {"us.anthropic.claude-3-5-sonnet-20241022-v2:0", Pattern::kO200k, Certainty::kEstimated, 1200},
      {"publishers/google/models/gemini-3-pro", Pattern::kO200k, Certainty::kEstimated, 1050},
      {"meta-llama/Llama-3.3-70B", Pattern::kO200k, Certainty::kEstimated, 1100},
      {"something-else", Pattern::kO200k, Certainty::kEstimated, 1350},
      {"", Pattern::kO200k, Certainty::kEstimated, 1350},
  };
  for (const auto& expected : cases) {
    const Family family = FamilyOf(expected.model);
    EXPECT_EQ(family.pattern, expected.pattern) << expected.model;
    EXPECT_EQ(family.certainty, expected.certainty) << expected.model;
    EXPECT_EQ(family.factor_permille, expected.permille) << expected.model;
  }
}

TEST(PromptCounter, AddsWhatAChatCosts) {
  Counter counter(Share(std::make_shared<OwnedTable>(TableBytes(kTokens))), Pattern::kO200k);
  PromptCounter exact(counter, FamilyOf("gpt-4o"));
  exact.AddText("abcd");
  EXPECT_EQ(exact.Total().tokens, 1U);
  EXPECT_EQ(exact.Total().certainty, Certainty::kExact);
  exact.BeginMessage("ab");
  exact.AddName("x");
  EXPECT_EQ(exact.Total().tokens, 1U + 3 + 1 + 1 + 1 + 3);
  exact.AddSchema("abc");
  exact.AddOther(100);
  EXPECT_EQ(exact.Total().tokens, 111U);
  EXPECT_EQ(exact.Total().certainty, Certainty::kEstimated);
  PromptCounter scaled(counter, FamilyOf("claude-4"));
  scaled.AddText("abcdabcd");
  EXPECT_EQ(scaled.raw(), 2U);
  EXPECT_EQ(scaled.Total().tokens, 3U) << "2 * 1.35, rounded up";
}

TEST(LearnedFactor, FollowsWhatIsReported) {
  LearnedFactor factor(1350);
  factor.Observe(10, 1000);
  EXPECT_EQ(factor.permille(), 1350U) << "too small to say anything";
  factor.Observe(1000, 1'000'000);
  EXPECT_LT(factor.permille(), 1600U) << "one outlier moves little";
  for (int i = 0; i < 200; ++i) factor.Observe(1000, 1180);
  EXPECT_NEAR(factor.permille(), 1180, 10);
}

// The real vocabularies, where `tools/tokenizer/build` has put them.
class RealTable : public ::testing::TestWithParam<Pattern> {
 protected:
  void SetUp() override {
    const std::string path =
        std::string(GH_SOURCE_DIR "/build/share/gatehouse/") + std::string(TableFileName(GetParam()));
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: run tools/tokenizer/build";
    auto table = LoadTable(path);
    ASSERT_TRUE(table.ok()) << table.error().detail;
    table_ = std::move(table).value();
  }
  std::string_view name() const { return GetParam() == Pattern::kO200k ? "o200k_base" : "cl100k_base"; }

  std::shared_ptr<const Table> table_;
};

TEST_P(RealTable, AgreesWithTheReferenceTokenizer) {
  std::ifstream file(GH_SOURCE_DIR "/tests/golden/token/counts.jsonl");
  Counter counter(table_, GetParam());
  std::string line;
  int texts = 0;
  while (std::getline(file, line)) {
    codec::json::Document document;
    ASSERT_TRUE(document.Parse(line).ok());
    const auto text = document.root()["text"].string();
    const auto expected = document.root()[name()];
    const auto ranks = counter.Encode(text);
    std::string bytes(ranks.size() * 4, '\0');
    for (std::size_t i = 0; i < ranks.size(); ++i) Put(bytes, i * 4, ranks[i]);
    EXPECT_EQ(ranks.size(), expected.at(0).AsInteger()) << text;
    EXPECT_EQ(codec::crypto::Crc32(bytes), expected.at(1).AsInteger()) << text;
    EXPECT_EQ(counter.Count(text), ranks.size()) << text;
    ++texts;
  }
  EXPECT_GT(texts, 400);
}

TEST_P(RealTable, MergesLongPiecesByDefinition) {
  Counter counter(table_, GetParam());
  std::mt19937 random(4);
  for (int round = 0; round < 20; ++round) {
    std::string piece;
    for (int i = 0; i < 150; ++i) piece += static_cast<char>('a' + random() % 26);
    std::vector<std::uint32_t> expected;
    for (const auto& part : MergeByDefinition(*table_, piece)) expected.push_back(table_->Find(part));
    ASSERT_EQ(counter.Encode(piece), expected) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, RealTable, ::testing::Values(Pattern::kO200k, Pattern::kCl100k),
                         [](const auto& info) { return info.param == Pattern::kO200k ? "o200k" : "cl100k"; });

TEST(LoadTable, SaysWhatIsMissing) {
  const auto table = LoadTable("/nonexistent/table.ghtok");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code, base::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gatehouse::llm::token
