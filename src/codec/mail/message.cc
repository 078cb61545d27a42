#include "codec/mail/message.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::mail {
namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kLongestLine = 78;         // RFC 5322, 2.1.1: should not be longer
constexpr std::size_t kLongestEncodedLine = 76;  // RFC 2047, 2
constexpr std::size_t kLongestQuotedLine = 76;   // RFC 2045, 6.7 (5)
constexpr std::string_view kWordBegin = "=?utf-8?B?";
constexpr std::string_view kWordEnd = "?=";

bool IsPrintable(char c) { return c >= 0x20 && c < 0x7F; }

// Valid UTF-8 without control characters or blanks at its ends.
std::string OneLine(std::string_view text) {
  std::string line = text::ReplaceInvalidUtf8(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  line.erase(0, first);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// Whether it stands in a header as it is. What looks like an encoded word would be decoded, and a word that does not
// fit into a line could not be folded.
bool IsPlain(std::string_view text) {
  if (!std::ranges::all_of(text, IsPrintable) || text.contains("=?")) return false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t blank = std::min(text.find(' ', at), text.size());
    if (blank - at > kLongestLine - 2) return false;
    at = blank + 1;
  }
  return true;
}

// Folds before a blank (RFC 5322, 2.2.3), so that unfolding gives the same text.
void AppendFolded(std::string& out, std::string_view text, std::size_t column) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t word = std::min(text.find_first_not_of(' ', at), text.size());
    const std::size_t end = std::min(text.find(' ', word), text.size());
    if (at > 0 && column + (end - at) > kLongestLine) {
      out += kEnd;
      column = 0;
    }
    out += text.substr(at, end - at);
    column += end - at;
    at = end;
  }
}

// The longest beginning of `text` that is at most so many bytes and whole characters; at least one character.
std::string_view WholeCharacters(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = end + std::max<std::size_t>(text::DecodeAt(text, end).length, 1);
    if (next > most && end > 0) break;
    end = next;
  }
  return text.substr(0, end);
}

void AppendEncodedWords(std::string& out, std::string_view text, std::size_t column) {
  constexpr std::size_t kAround = kWordBegin.size() + kWordEnd.size();
  while (!text.empty()) {
    const std::size_t room =
        std::max<std::size_t>(kLongestEncodedLine - std::min(column, kLongestEncodedLine), kAround + 8);
    const std::string_view piece = WholeCharacters(text, (room - kAround) / 4 * 3);
    out.append(kWordBegin).append(crypto::Base64Encode(piece)).append(kWordEnd);
    text.remove_prefix(piece.size());
    if (!text.empty()) out.append(kEnd).append(" ");
    column = 1;
  }
}

std::string Recipients(const std::vector<Mailbox>& to) {
  std::string list = "To: ";
  for (const Mailbox& one : to) list.append(list.size() > 4 ? ",\r\n " : "").append(one.text());
  return list.append(kEnd);
}

void AppendQuoted(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out.append({'=', kDigits[byte >> 4U], kDigits[byte & 0xFU]});
}

// A line without its end. A blank at the end of a line would not survive the journey.
void AppendQuotedLine(std::string& out, std::string_view line) {
  std::size_t column = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool last = at + 1 == line.size();
    const bool plain = (c > 0x20 && c < 0x7F && c != '=') || (c == ' ' && !last);
    const std::size_t width = plain ? 1 : 3;
    if (column + width > kLongestQuotedLine - (last ? 0 : 1)) {
      out.append("=").append(kEnd);
      column = 0;
    }
    if (plain) {
      out.push_back(c);
    } else {
      AppendQuoted(out, c);
    }
    column += width;
  }
}

std::string TwoDigits(unsigned number) {
  return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

// RFC 5322, 3.6.4, as far as we make them.
bool IsMessageId(std::string_view id) {
  const std::size_t at = std::min(id.rfind('@'), id.size());
  return Mailbox::Parse(std::string(id.substr(0, at)) + "@x") && at < id.size() && IsDomain(id.substr(at + 1));
}

}  // namespace

std::string HeaderField(std::string_view name, std::string_view text) {
  std::string field(name);
  field += ": ";
  const std::string line = OneLine(text);
  if (IsPlain(line)) {
    AppendFolded(field, line, field.size());
  } else {
    AppendEncodedWords(field, line, field.size());
  }
  return field.append(kEnd);
}

std::string DateText(std::int64_t seconds_since_epoch) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t kFirst = -62'167'219'200;  // 0000-01-01
  constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31
  const std::chrono::sys_seconds time{std::chrono::seconds(std::clamp(seconds_since_epoch, kFirst, kLast))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const std::string year = std::to_string(10'000 + static_cast<int>(date.year())).substr(1);
  std::string text(kDays.at(std::chrono::weekday(day).c_encoding()));
  text.append(", ").append(TwoDigits(static_cast<unsigned>(date.day())));
  text.append(" ").append(kMonths.at(static_cast<unsigned>(date.month()) - 1)).append(" ").append(year);
  text.append(" ").append(TwoDigits(static_cast<unsigned>(clock.hours().count())));
  text.append(":").append(TwoDigits(static_cast<unsigned>(clock.minutes().count())));
  text.append(":").append(TwoDigits(static_cast<unsigned>(clock.seconds().count())));
  return text.append(" +0000");
}

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    AppendQuotedLine(out, text.substr(0, end));
    out += kEnd;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string Format(const Message& message) {
  GH_CHECK(IsMessageId(message.id));
  std::string out = "Date: " + DateText(message.date) + "\r\nFrom: " + message.from.text() + "\r\n";
  out += Recipients(message.to);
  out.append("Message-ID: <").append(message.id).append(">\r\n");
  out += HeaderField("Subject", message.subject);
  for (const auto& [name, value] : message.fields) out += HeaderField(name, value);
  out +=
      "Auto-Submitted: auto-generated\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n"
      "\r\n";
  return out.append(QuotedPrintable(text::ReplaceInvalidUtf8(message.text)));
}

}  // namespace gatehouse::codec::mail
