#include "case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace gatehouse::golden {
namespace {

namespace fs = std::filesystem;

// `x.openai.chat.sse` is output, `x.sse` is input.
bool IsInput(const fs::path& path) {
  const std::string name = path.filename().string();
  return std::ranges::count(name, '.') == 1 && !name.ends_with(".events");
}

void AddCases(const fs::path& folder, llm::DialectId origin, std::vector<Case>& cases) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && IsInput(entry.path())) {
      cases.push_back({entry.path().stem().string(), entry.path(), origin});
    }
  }
}

}  // namespace

Mode CurrentMode() { return std::getenv("GOLDEN_UPDATE") == nullptr ? Mode::kCompare : Mode::kUpdate; }

std::vector<Case> FindCases(std::string_view kind) {
  std::vector<Case> cases;
  for (const llm::DialectId id : kAllDialects) AddCases(fs::path(GH_GOLDEN_DIR) / kind / ToString(id), id, cases);
  std::ranges::sort(cases, {}, &Case::input);
  return cases;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void ExpectGolden(const Case& golden_case, std::string_view what, std::string_view text) {
  const fs::path path = golden_case.input.parent_path() / (golden_case.name + "." + std::string(what));
  if (CurrentMode() == Mode::kUpdate) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  ASSERT_TRUE(fs::exists(path)) << path << " is missing. Look at what it would say with tools/golden.py --update.";
  EXPECT_EQ(ReadFile(path), text) << path;
}

}  // namespace gatehouse::golden
