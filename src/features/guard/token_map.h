#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "inspect/finding.h"

namespace gatehouse::features::guard {

// Tokens that stand for texts: "[[EMAIL_7K3Q]]", the kind and four characters of Crockford's base32 (digits and letters
// without I, L, O and U), the last of which checks the others. The same text has the same token under the same key,
// another key another one, so that nobody can ask for a token that he was not given. Belongs to one exchange; the texts
// are overwritten when it dies.
class TokenMap {
 public:
  static constexpr std::size_t kLongestKind = 16;
  static constexpr std::size_t kId = 4;
  static constexpr std::size_t kLongest = 2 + kLongestKind + 1 + kId + 2;  // 25 bytes
  static constexpr std::size_t kMost = 10'000;                             // of one exchange

  // `key` makes the tokens: that of an exchange, or of a conversation.
  explicit TokenMap(base::Secret key) : key_(std::move(key)) {}

  // nullopt when there are kMost already.
  std::optional<std::string> TokenOf(std::string_view entity, std::string_view text);

  // What a token in `text` stands for. A token that nobody made has no text.
  struct Place {
    inspect::Span span;
    std::string_view text;
  };
  // All tokens of this map in `text` from `begin` on, by position. A model may have changed one's letters to lower
  // case, or put a backslash before its underscore or brackets.
  std::vector<Place> Find(std::string_view text, std::size_t begin) const;

  // A text and the kind in its token; valid as long as the map is as it was.
  struct Known {
    std::string_view kind;
    std::string_view text;
  };
  // All of them, in the order in which they came: in that order, TokenOf(kind, text) makes the same tokens.
  std::vector<Known> All() const;

  bool empty() const { return texts_.empty(); }

 private:
  struct Reading {
    std::string token;  // as it was made
    std::size_t end = 0;
  };
  static std::optional<Reading> ReadToken(std::string_view text, std::size_t at);

  base::Secret key_;
  std::unordered_map<std::string, base::Secret> texts_;  // by token
  std::vector<std::string_view> order_;                  // of the tokens, which texts_ owns
};

}  // namespace gatehouse::features::guard
