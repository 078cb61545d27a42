#include "codec/smtp/reply.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "codec/crypto/encoding.h"

namespace gatehouse::codec::smtp {
namespace {

constexpr std::string_view kEnd = "\r\n";

base::Error Malformed(std::string_view what) {
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kSameTarget,
          .detail = "not a mail server's answer: " + std::string(what)};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The length of "5.1.1" at the start: a class, a subject and a detail of up to three digits (RFC 3463, 2).
std::size_t EnhancedLength(std::string_view text, std::uint16_t code) {
  constexpr std::size_t kMostDigits = 3;
  if (text.empty() || text.front() != static_cast<char>('0' + code / 100)) return 0;
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return 0;
    const std::size_t begin = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    if (at == begin || at - begin > kMostDigits) return 0;
  }
  return at == text.size() || text[at] == ' ' ? at : 0;
}

// The words of a line.
std::vector<std::string_view> WordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

void NoteMechanism(Extensions& extensions, std::string_view name) {
  if (base::EqualIgnoringCase(name, "PLAIN")) extensions.auth_plain = true;
  if (base::EqualIgnoringCase(name, "LOGIN")) extensions.auth_login = true;
}

}  // namespace

std::string_view Reply::Enhanced() const {
  if (lines.empty()) return {};
  return std::string_view(lines.front()).substr(0, EnhancedLength(lines.front(), code));
}

std::string Reply::Text() const {
  std::string text = std::to_string(code);
  const std::string_view enhanced = Enhanced();
  if (!enhanced.empty()) text.append(" ").append(enhanced);
  for (std::string_view line : lines) {
    line.remove_prefix(EnhancedLength(line, code));
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (!line.empty()) text.append(" ").append(line);
  }
  return text;
}

base::Result<ReplyDecoder::Line> ReplyDecoder::Take(std::string_view line) {
  constexpr std::size_t kCode = 3;
  if (line.find_first_of(kEnd) != std::string_view::npos) return Malformed("a line ends in one of CR and LF alone");
  const bool code = line.size() >= kCode && line[0] >= '2' && line[0] <= '5' && IsDigit(line[1]) && IsDigit(line[2]);
  const bool separated = line.size() == kCode || (line.size() > kCode && (line[kCode] == ' ' || line[kCode] == '-'));
  if (!code || !separated) return Malformed("a line does not begin with a code");
  const auto number = static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  if (partial_.code != 0 && partial_.code != number) return Malformed("the lines of an answer have several codes");
  if (partial_.lines.size() >= kMostLines) return Malformed("it has too many lines");
  partial_.code = number;
  partial_.lines.emplace_back(line.substr(std::min(kCode + 1, line.size())));
  return line.size() > kCode && line[kCode] == '-' ? Line::kMore : Line::kLast;
}

base::Result<std::optional<Reply>> ReplyDecoder::Next() {
  for (;;) {
    const std::size_t end = buffer_.find(kEnd);
    // While the line is not whole, its last byte may be the CR of its end.
    const std::size_t length =
        end == std::string::npos ? buffer_.size() - std::min<std::size_t>(buffer_.size(), 1) : end;
    if (length > kMostLine) return Malformed("a line is too long");
    if (end == std::string::npos) return std::optional<Reply>();
    GH_TRY(const Line line, Take(std::string_view(buffer_).substr(0, end)));
    buffer_.erase(0, end + kEnd.size());
    if (line == Line::kLast) return std::optional(std::exchange(partial_, {}));
  }
}

Extensions ExtensionsOf(const Reply& ehlo) {
  Extensions extensions;
  for (std::size_t i = 1; i < ehlo.lines.size(); ++i) {
    const auto words = WordsOf(ehlo.lines[i]);
    if (words.empty()) continue;
    constexpr std::string_view kOldAuth = "AUTH=";  // before RFC 2554
    if (base::EqualIgnoringCase(words.front(), "STARTTLS")) extensions.starttls = true;
    if (base::EqualIgnoringCase(words.front(), "SIZE")) extensions.size = true;
    const bool old = base::EqualIgnoringCase(words.front().substr(0, kOldAuth.size()), kOldAuth);
    if (old) NoteMechanism(extensions, words.front().substr(kOldAuth.size()));
    if (!old && !base::EqualIgnoringCase(words.front(), "AUTH")) continue;
    for (std::size_t word = 1; word < words.size(); ++word) NoteMechanism(extensions, words[word]);
  }
  return extensions;
}

std::string DataOf(std::string_view message) {
  std::string data;
  data.reserve(message.size() + 64);
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size() - 1) + 1;
    if (message.front() == '.') data.push_back('.');
    data.append(message.substr(0, end));
    message.remove_prefix(end);
  }
  return data.append(".\r\n");
}

std::string PlainCredentials(std::string_view username, std::string_view password) {
  std::string text(1, '\0');
  text.append(username).push_back('\0');
  text.append(password);
  return crypto::Base64Encode(text);
}

}  // namespace gatehouse::codec::smtp
