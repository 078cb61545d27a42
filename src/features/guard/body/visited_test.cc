#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "codec/sse/sse.h"
#include "features/guard/answer_frame.h"
#include "features/guard/body/reading.h"

// What becomes of every string in every golden body, by where it stands: the lists are in tests/golden/texts, one for
// each dialect and kind of body. A member that a dialect gains shows up there, or this fails. GOLDEN_UPDATE=1 writes
// them anew.
namespace gatehouse::features::guard {
namespace {

namespace fs = std::filesystem;
namespace json = codec::json;

const fs::path kGolden = fs::path(GH_SOURCE_DIR) / "tests/golden";

std::string ReadWhole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> FilesIn(const fs::path& folder, const auto& is_wanted) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_wanted(entry.path().filename().string())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

// What was seen at each path, with elements as [].
using Seen = std::map<std::string, std::set<std::string>>;

class Comparison {
 public:
  Comparison(llm::DialectId dialect, BodyKind kind) : dialect_(dialect), table_(tables_.Of(dialect, kind)) {}

  void Add(std::string_view body) {
    json::Document document;
    ASSERT_TRUE(document.Parse(body).ok()) << body;
    const BodyReading reading(document.root(), table_);
    by_offset_.clear();
    for (const Passage& passage : reading.passages()) {
      if (passage.nested != 0 || passage.kind == Passage::Kind::kName) continue;
      std::string word(inspect::ToString(passage.channel));
      if (passage.seal == Passage::Seal::kSealed) word += " sealed";
      by_offset_[passage.offset] = word;
    }
    FrameDeltas deltas;
    ReadDeltas(dialect_, document.root(), deltas);
    for (const DeltaPiece& piece : deltas.pieces) {
      std::string word = "piece of " + std::string(inspect::ToString(piece.channel));
      if (piece.seal == Passage::Seal::kSealed) word += " sealed";
      by_offset_.try_emplace(piece.offset, word);
    }
    nested_ = 0;
    for (const Passage& passage : reading.passages()) nested_ = std::max(nested_, passage.nested);
    Visit(document.root(), "");
  }

  std::string Text() const {
    std::string text;
    for (const auto& [path, words] : seen_) {
      text += path + ":";
      for (const std::string& word : words) text += " " + word + (word == *words.rbegin() ? "" : ",");
      text += "\n";
    }
    return text;
  }

 private:
  void Visit(json::Value value, const std::string& path) {
    if (value.IsArray()) {
      for (const auto element : value) Visit(element.value, path + "[]");
    } else if (value.IsObject()) {
      for (const auto member : value) Visit(member.value, path + (path.empty() ? "" : ".") + std::string(member.key));
    } else if (value.IsString() && !value.string().empty()) {
      const auto found = by_offset_.find(value.offset());
      const bool is_json = value.string().starts_with("{") && path.ends_with("arguments");
      seen_[path].insert(found != by_offset_.end() ? found->second : is_json && nested_ > 0 ? "as JSON" : "not text");
    }
  }

  llm::DialectId dialect_;
  TextTables tables_;
  const TextTable& table_;
  std::map<std::size_t, std::string> by_offset_;
  std::uint32_t nested_ = 0;
  Seen seen_;
};

void Expect(const Comparison& comparison, llm::DialectId dialect, std::string_view kind) {
  const std::string text = comparison.Text();
  EXPECT_FALSE(text.empty());
  const fs::path path = kGolden / "texts" / (std::string(llm::ToString(dialect)) + "." + std::string(kind) + ".txt");
  if (std::getenv("GOLDEN_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(ReadWhole(path), text) << path;
}

class VisitedTexts : public testing::TestWithParam<llm::DialectId> {};

INSTANTIATE_TEST_SUITE_P(Dialects, VisitedTexts,
                         testing::Values(llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses,
                                         llm::DialectId::kOpenAiCompletions, llm::DialectId::kAnthropic,
                                         llm::DialectId::kGemini),
                         [](const auto& test) {
                           std::string name(llm::ToString(test.param));
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST_P(VisitedTexts, OfRequests) {
  Comparison comparison(GetParam(), BodyKind::kRequest);
  const std::string own = "." + std::string(llm::ToString(GetParam())) + ".request.json";
  const auto is_output = [&](const std::string& name) { return name.ends_with(own); };
  for (const auto& file : FilesIn(kGolden / "requests", is_output)) {
    const std::string text = ReadWhole(file);
    json::Document document;
    ASSERT_TRUE(document.Parse(text).ok()) << file;
    const json::Value body = document.root()["body"];  // or an error in its place
    if (body.IsObject()) comparison.Add(body.raw());
  }
  const auto is_input = [](const std::string& name) {
    return name.ends_with(".json") && std::ranges::count(name, '.') == 1;
  };
  for (const auto& file : FilesIn(kGolden / "requests" / llm::ToString(GetParam()), is_input)) {
    comparison.Add(ReadWhole(file));
  }
  Expect(comparison, GetParam(), "request");
}

TEST_P(VisitedTexts, OfAnswers) {
  Comparison comparison(GetParam(), BodyKind::kAnswer);
  const std::string own = "." + std::string(llm::ToString(GetParam())) + ".json";
  const auto is_answer = [&](const std::string& name) { return name.ends_with(own); };
  for (const auto& file : FilesIn(kGolden / "streams", is_answer)) comparison.Add(ReadWhole(file));
  Expect(comparison, GetParam(), "answer");
}

TEST_P(VisitedTexts, OfFrames) {
  Comparison comparison(GetParam(), BodyKind::kFrame);
  const std::string own = "." + std::string(llm::ToString(GetParam())) + ".sse";
  const auto is_stream = [&](const std::string& name) { return name.ends_with(own); };
  auto files = FilesIn(kGolden / "streams", is_stream);
  const auto is_input = [](const std::string& name) {
    return name.ends_with(".sse") && std::ranges::count(name, '.') == 1;
  };
  std::ranges::move(FilesIn(kGolden / "streams" / llm::ToString(GetParam()), is_input), std::back_inserter(files));
  for (const auto& file : files) {
    const std::string bytes = ReadWhole(file);
    codec::sse::Parser parser;
    parser.Feed(bytes);
    codec::sse::Frame frame;
    for (auto next = parser.Next(frame); next.ok() && next.value() == codec::sse::Parser::Outcome::kFrame;
         next = parser.Next(frame)) {
      json::Document document;
      if (document.Parse(frame.data).ok()) comparison.Add(frame.data);  // [DONE], and frames that are broken on purpose
    }
  }
  Expect(comparison, GetParam(), "frame");
}

}  // namespace
}  // namespace gatehouse::features::guard
