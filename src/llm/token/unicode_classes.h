#pragma once

#include <string_view>

namespace gatehouse::llm::token {

// The character classes of all code points as runs, in the form that tools/tokenizer/unicode_classes.mjs describes.
extern const std::string_view kEncodedClassRuns;

}  // namespace gatehouse::llm::token
