#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli.h"

// What tests of commands that ask the admin API have in common.
namespace gatehouse::app {

// A line, split at its blanks; `_` stands for one within a word.
inline CliParsed Parse(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) {
    std::ranges::replace(word, '_', ' ');
    words.push_back(word);
  }
  return ParseCli(words);
}

// A line, and what the API is asked for it; `target` is behind /admin/v1/.
struct AskedOfApi {
  const char* line;
  const char* method;
  const char* target;
  const char* body;
};

inline void ExpectAsked(std::span<const AskedOfApi> cases) {
  for (const AskedOfApi& one : cases) {
    const CliParsed parsed = Parse(one.line);
    EXPECT_EQ(parsed.problem, "") << one.line;
    EXPECT_EQ(parsed.command.request.method, one.method) << one.line;
    EXPECT_EQ(parsed.command.request.target, std::string("/admin/v1/") + one.target) << one.line;
    EXPECT_EQ(parsed.command.request.body, one.body) << one.line;
  }
}

}  // namespace gatehouse::app
