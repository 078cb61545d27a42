#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "features/guard/conversation_tokens.h"
#include "features/guard/token_map.h"

// Tokens that are found lie in the text, in order, and stand for what was put in; a text that is one is found.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gatehouse::features::guard::TokenMap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TokenMap tokens(gatehouse::base::Secret(std::string("key")));
  const auto first = tokens.TokenOf("EMAIL_ADDRESS", "one");
  const auto other = tokens.TokenOf("x", text);
  GH_CHECK(first && other && first->size() <= TokenMap::kLongest && other->size() <= TokenMap::kLongest);
  GH_CHECK(tokens.TokenOf("x", text) == other);
  const std::string said = std::string(text) + " " + *first + " " + std::string(text) + *other;
  std::size_t end = 0;
  std::size_t found = 0;
  for (const auto& place : tokens.Find(said, 0)) {
    GH_CHECK(place.span.begin >= end && place.span.end <= said.size() && place.span.end > place.span.begin);
    GH_CHECK(place.text == "one" || place.text == text);
    end = place.span.end;
    ++found;
  }
  // What stands before a token may make it another one ("[" before "[["): the one among spaces is always found.
  GH_CHECK(found >= 1);

  // What was kept of it makes the same tokens again; bytes that are no texts make none, or some that are bounded.
  namespace guard = gatehouse::features::guard;
  TokenMap again(gatehouse::base::Secret(std::string("key")));
  GH_CHECK(guard::UnpackTexts(guard::PackTexts(tokens.All()), again) == guard::Unpacked::kAll);
  GH_CHECK(again.TokenOf("x", text) == other && again.TokenOf("EMAIL_ADDRESS", "one") == first);
  TokenMap any(gatehouse::base::Secret(std::string("key")));
  if (guard::UnpackTexts(text, any) == guard::Unpacked::kNothing) GH_CHECK(any.empty());
  return 0;
}
