#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "llm/dialect_id.h"

// The files of the golden tests. An input is `<kind>/<dialect>/<case>.<extension>`; what comes of it stands beside it
// as `<case>.<what>`, where <what> begins with the name of a dialect or of a target, or is "events" or "error.json".
//
//   requests/<surface>/x.json           -> what every provider is sent, and what of it cannot be carried
//   streams/<provider>/x.sse, x.frames  -> the events of a streamed answer, and what every client is sent
//   streams/<provider>/x.json           -> the same of a whole answer
//                                          x.losses.txt: what a client's dialect has no place for
//   embedding_requests/<surface>/x.json -> the calls that every provider gets
//   embedding_answers/<provider>/x.json -> what every client is sent
namespace gatehouse::golden {

struct Case {
  std::string name;  // "pitfall_01_whole_call_in_one_chunk"
  std::filesystem::path input;
  llm::DialectId origin = llm::DialectId::kOpenAiChat;
};

// All inputs of a kind ("requests", "streams" ...), in order of their names.
std::vector<Case> FindCases(std::string_view kind);

std::string ReadFile(const std::filesystem::path& path);

// Compares `text` with the golden file `<case>.<what>`, which has to exist; with GOLDEN_UPDATE set it writes the file.
void ExpectGolden(const Case& golden_case, std::string_view what, std::string_view text);

enum class Mode { kCompare, kUpdate };
Mode CurrentMode();

inline constexpr llm::DialectId kAllDialects[] = {
    llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses, llm::DialectId::kOpenAiCompletions,
    llm::DialectId::kAnthropic,  llm::DialectId::kGemini,          llm::DialectId::kBedrock,
    llm::DialectId::kCohere,
};
// What clients speak to the gateway.
inline constexpr llm::DialectId kSurfaces[] = {
    llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses,   llm::DialectId::kAnthropic,
    llm::DialectId::kGemini,     llm::DialectId::kOpenAiCompletions,
};

// The registered cases of each kind; see golden_test.cc.
void RunRequestCase(const Case& golden_case);
void RunStreamCase(const Case& golden_case);
void RunEmbeddingRequestCase(const Case& golden_case);
void RunEmbeddingAnswerCase(const Case& golden_case);

}  // namespace gatehouse::golden
