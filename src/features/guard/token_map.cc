#include "features/guard/token_map.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "codec/crypto/hash.h"

namespace gatehouse::features::guard {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kBits = 5;

bool IsKind(char c) { return c >= 'A' && c <= 'Z'; }

// "EMAIL_ADDRESS" -> "EMAILADDRESS", as far as there is room.
std::string KindOf(std::string_view entity) {
  std::string kind;
  for (const char c : entity) {
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (IsKind(upper) && kind.size() < TokenMap::kLongestKind) kind.push_back(upper);
  }
  while (kind.size() < 2) kind.push_back('X');
  return kind;
}

char CheckOf(std::string_view id) {
  std::size_t sum = 0;
  for (const char c : id) sum = sum * 7 + kAlphabet.find(c) + 1;
  return kAlphabet[sum % kAlphabet.size()];
}

std::string IdOf(std::string_view key, std::string_view what, std::size_t attempt) {
  std::string message(what);
  message.push_back('\0');
  message += std::to_string(attempt);
  const auto digest = codec::crypto::HmacSha256(key, message);
  std::string id;
  for (std::size_t i = 0; i + 1 < TokenMap::kId; ++i) id.push_back(kAlphabet[digest.at(i) >> (8 - kBits)]);
  id.push_back(CheckOf(id));
  return id;
}

}  // namespace

std::optional<std::string> TokenMap::TokenOf(std::string_view entity, std::string_view text) {
  const std::string kind = KindOf(entity);
  std::string what = kind;
  what.append(1, '\0').append(text);
  // Three characters are few: another text of that kind may have got the same, and then this one gets its next.
  constexpr std::size_t kAttempts = 64;
  for (std::size_t attempt = 0; attempt < kAttempts; ++attempt) {
    std::string token = "[[" + kind + "_" + IdOf(key_.Reveal(), what, attempt) + "]]";
    const auto found = texts_.find(token);
    if (found == texts_.end()) {
      if (texts_.size() >= kMost) return {};
      order_.push_back(texts_.emplace(token, base::Secret(std::string(text))).first->first);
      return token;
    }
    if (found->second.Reveal() == text) return token;
  }
  return {};
}

std::vector<TokenMap::Known> TokenMap::All() const {
  std::vector<Known> all;
  all.reserve(order_.size());
  for (const std::string_view token : order_) {
    const std::string_view kind = token.substr(2, token.rfind('_') - 2);
    all.push_back({.kind = kind, .text = texts_.find(std::string(token))->second.Reveal()});
  }
  return all;
}

std::optional<TokenMap::Reading> TokenMap::ReadToken(std::string_view text, std::size_t at) {
  std::string token;
  const auto take = [&](char wanted) {
    if (at < text.size() && text[at] == '\\') ++at;
    if (at >= text.size() || text[at] != wanted) return false;
    token.push_back(text[at++]);
    return true;
  };
  const auto letters = [&](std::size_t most) {
    std::size_t count = 0;
    while (count < most && at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0) {
      token.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(text[at++]))));
      ++count;
    }
    return count;
  };
  if (!take('[') || !take('[') || letters(kLongestKind) < 2 || !take('_')) return {};
  if (letters(kId) != kId || !take(']') || !take(']')) return {};
  return Reading{.token = std::move(token), .end = at};
}

std::vector<TokenMap::Place> TokenMap::Find(std::string_view text, std::size_t begin) const {
  std::vector<Place> places;
  if (texts_.empty()) return places;
  for (std::size_t at = text.find('[', begin); at != std::string_view::npos; at = text.find('[', at)) {
    const auto read = ReadToken(text, at);
    const auto known = read ? texts_.find(read->token) : texts_.end();
    if (known == texts_.end()) {
      ++at;
      continue;
    }
    const std::size_t from = at > begin && text[at - 1] == '\\' ? at - 1 : at;
    places.push_back({.span = {.begin = from, .end = read->end}, .text = known->second.Reveal()});
    at = read->end;
  }
  return places;
}

}  // namespace gatehouse::features::guard
