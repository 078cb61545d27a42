#include "inspect/secret/kubernetes.h"

#include <algorithm>

#include "inspect/secret/plausible.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr std::size_t kReach = 512;  // bytes behind "kind:" that are looked at
constexpr std::size_t kShortestValue = 10;
constexpr std::string_view kKind = "kind:";

bool IsBase64(char byte) { return IsLetter(byte) || IsDigit(byte) || byte == '+' || byte == '/' || byte == '='; }

std::size_t SkipBlanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '"' || text[at] == '\'')) ++at;
  return at;
}

bool IsSecret(std::string_view text, std::size_t kind_end) {
  constexpr std::string_view kSecret = "secret";
  const std::size_t value = SkipBlanks(text, kind_end);
  if (!EqualsFolded(text.substr(value, kSecret.size()), kSecret)) return false;
  const std::size_t end = value + kSecret.size();
  return end == text.size() || !IsWordByte(text[end]);
}

// The value in "  name: value", if that may be base64.
Span ValueIn(std::string_view text, Span line) {
  const std::size_t colon = text.substr(0, line.end).find(':', line.begin);
  if (colon == std::string_view::npos) return {};
  const std::size_t begin = SkipBlanks(text, colon + 1);
  std::size_t end = begin;
  while (end < line.end && IsBase64(text[end])) ++end;
  const bool is_value = end - begin >= kShortestValue && SkipBlanks(text, end) >= line.end;
  return is_value && !IsPlaceholder(text.substr(begin, end - begin)) ? Span{.begin = begin, .end = end} : Span{};
}

}  // namespace

std::vector<Span> KubernetesSecretAt(std::string_view whole, std::size_t kind_end) {
  std::vector<Span> values;
  if (!IsSecret(whole, kind_end)) return values;
  const std::string_view text = whole.substr(0, std::min(whole.size(), kind_end + kReach));
  const std::size_t data = text.find("\ndata:", kind_end);
  if (data == std::string_view::npos || text.substr(kind_end, data - kind_end).find("\n---") != std::string_view::npos)
    return values;
  std::size_t line = text.find('\n', data + 1);
  while (line < text.size()) {
    const std::size_t begin = line + 1;
    line = std::min(text.find('\n', begin), text.size());
    if (begin >= text.size() || (text[begin] != ' ' && text[begin] != '\t')) break;
    if (const Span value = ValueIn(text, {.begin = begin, .end = line}); value.size() != 0) values.push_back(value);
  }
  return values;
}

std::size_t OpenKubernetesSecret(std::string_view text, std::size_t seam) {
  constexpr std::string_view kSecret = "secret";
  const std::size_t from = seam - std::min(seam, kReach + kKind.size());
  std::size_t open = seam;
  for (std::size_t end = seam + kKind.size() - 1; end >= from;) {
    const std::size_t before = FindLast(text.substr(from, end - from), kKind);
    if (before == std::string_view::npos) break;
    const std::size_t kind = from + before;
    const std::size_t value = SkipBlanks(text, kind + kKind.size());
    const std::string_view there = text.substr(value, kSecret.size());
    if (EqualsFolded(there, kSecret.substr(0, there.size()))) open = kind;
    end = kind;
  }
  return open;
}

}  // namespace gatehouse::inspect::secret
