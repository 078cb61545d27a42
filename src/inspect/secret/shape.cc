#include "inspect/secret/shape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace gatehouse::inspect::secret {
namespace {

struct NamedClass {
  std::string_view name;
  std::string_view bytes;  // with ranges
};
constexpr auto kClasses = std::to_array<NamedClass>({
    {.name = "digit", .bytes = "0-9"},
    {.name = "hex", .bytes = "0-9a-f"},
    {.name = "anyhex", .bytes = "0-9a-fA-F"},
    {.name = "alpha", .bytes = "a-zA-Z"},
    {.name = "upalnum", .bytes = "0-9A-Z"},
    {.name = "lowalnum", .bytes = "0-9a-z"},
    {.name = "alnum", .bytes = "0-9a-zA-Z"},
    {.name = "word", .bytes = "0-9a-zA-Z_"},
    {.name = "url", .bytes = "0-9a-zA-Z_-"},
    {.name = "token", .bytes = "0-9a-zA-Z_=-"},
    {.name = "dotted", .bytes = "0-9a-zA-Z_=.-"},
    {.name = "base64", .bytes = "0-9a-zA-Z+/"},
});

// "0-9a-f_-": ranges, and a hyphen at the end for itself.
ByteSet BytesOf(std::string_view text) {
  ByteSet bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto first = static_cast<unsigned char>(text[at]);
    unsigned char last = first;
    if (at + 2 < text.size() && text[at + 1] == '-') {
      last = static_cast<unsigned char>(text[at + 2]);
      at += 2;
    }
    for (unsigned value = first; value <= last; ++value) bytes.set(value);
  }
  return bytes;
}

std::optional<ByteSet> ClassOf(std::string_view name) {
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') return BytesOf(name.substr(1, name.size() - 2));
  const auto* const found = std::ranges::find(kClasses, name, &NamedClass::name);
  return found == kClasses.end() ? std::nullopt : std::optional(BytesOf(found->bytes));
}

std::optional<std::size_t> NumberOf(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > Shape::kLongest) return std::nullopt;
  return number;
}

base::Error Wrong(std::string_view what) { return base::InvalidRequest("<" + std::string(what) + "> is no run"); }

// "<uuid>" as what it stands for.
std::string WithoutUuids(std::string_view text) {
  constexpr std::string_view kName = "<uuid>";
  std::string expanded(text);
  for (std::size_t at = expanded.find(kName); at != std::string::npos; at = expanded.find(kName)) {
    expanded.replace(at, kName.size(), "<anyhex 8>-<anyhex 4>-<anyhex 4>-<anyhex 4>-<anyhex 12>");
  }
  return expanded;
}

bool Has(const ByteSet& bytes, char byte) { return bytes[static_cast<unsigned char>(byte)]; }

}  // namespace

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
char Lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }
bool IsLetter(char byte) { return Lower(byte) >= 'a' && Lower(byte) <= 'z'; }
bool IsWordByte(char byte) { return IsLetter(byte) || IsDigit(byte) || byte == '_'; }

std::size_t FindLast(std::string_view text, std::string_view wanted) {
  for (std::size_t end = text.size(); end != 0;) {
    const void* const first = memrchr(text.data(), wanted.front(), end);
    if (first == nullptr) break;
    end = static_cast<std::size_t>(static_cast<const char*>(first) - text.data());
    if (text.substr(end).starts_with(wanted)) return end;
  }
  return std::string_view::npos;
}

bool EqualsFolded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

bool ContainsFolded(std::string_view text, std::string_view word) {
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), Lower);
  return folded.find(word) != std::string::npos;
}

base::Result<Shape> Shape::Parse(std::string_view written, Trigger::Case letters) {
  Shape shape;
  shape.letters_ = letters;
  const std::string text = WithoutUuids(written);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = rest.find('<');
    shape.AddLiteral(rest.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('>', open);
    if (close == std::string_view::npos) return base::InvalidRequest("a < without a >");
    const std::string_view run = rest.substr(open + 1, close - open - 1);
    const std::size_t space = run.rfind(' ');
    if (space == std::string_view::npos) return Wrong(run);
    const auto bytes = ClassOf(run.substr(0, space));
    const std::string_view length = run.substr(space + 1);
    const std::size_t hyphen = std::min(length.find('-'), length.size());
    const auto min = NumberOf(length.substr(0, hyphen));
    const auto max = hyphen == length.size() ? min : NumberOf(length.substr(hyphen + 1));
    if (!bytes || !min || !max || *min > *max || *max == 0) return Wrong(run);
    shape.pieces_.push_back({.literal = {}, .bytes = *bytes, .min = *min, .max = *max});
    rest.remove_prefix(close + 1);
  }
  if (shape.pieces_.empty()) return base::InvalidRequest("an empty shape");
  shape.ChooseAnchor();
  return shape;
}

void Shape::AddLiteral(std::string_view text) {
  if (!text.empty())
    pieces_.push_back({.literal = std::string(text), .bytes = {}, .min = text.size(), .max = text.size()});
}

void Shape::ChooseAnchor() {
  std::size_t offset = 0;
  for (const Piece& piece : pieces_) {
    if (piece.literal.size() > anchor_.size()) {
      anchor_ = piece.literal;
      anchor_offset_ = offset;
      anchor_piece_ = static_cast<std::size_t>(&piece - pieces_.data());
    }
    if (piece.min != piece.max) return;
    offset += piece.max;
  }
}

Shape::Sought Shape::sought() const {
  Sought whole{.texts = {anchor_}, .offset = anchor_offset_};
  if (anchor_.empty() || anchor_.size() >= kShortestSought) return whole;
  const auto bytes_of = [this](std::size_t piece) {
    return piece < pieces_.size() && pieces_[piece].min > 0 ? pieces_[piece].bytes : ByteSet();
  };
  const ByteSet behind = bytes_of(anchor_piece_ + 1);
  const ByteSet before = bytes_of(anchor_piece_ - 1);  // none before the first
  const bool is_before = before.any() && (behind.none() || before.count() < behind.count());
  const ByteSet& more = is_before ? before : behind;
  if (more.none()) return whole;
  Sought sought{.texts = {}, .offset = anchor_offset_ - (is_before ? 1 : 0)};
  for (unsigned value = 0; value < more.size(); ++value) {
    if (!more[value]) continue;
    const std::string byte(1, static_cast<char>(value));
    sought.texts.push_back(is_before ? byte + anchor_ : anchor_ + byte);
  }
  return sought;
}

bool Shape::HasLiteralAt(std::string_view text, std::size_t at, const Piece& piece) const {
  const std::string_view there = text.substr(std::min(at, text.size()), piece.literal.size());
  return letters_ == Trigger::Case::kFolded ? EqualsFolded(there, piece.literal) : there == piece.literal;
}

void Shape::AfterLiteral(std::string_view text, const Piece& piece, const Ends& from, Ends& to) const {
  for (const Interval& starts : from) {
    for (std::size_t at = starts.low; at <= starts.high; ++at) {
      if (HasLiteralAt(text, at, piece)) to.push_back({.low = at + piece.max, .high = at + piece.max});
    }
  }
}

void Shape::AfterRun(std::string_view text, const Piece& piece, const Ends& from, Ends& to) {
  for (const Interval& starts : from) {
    std::size_t first = starts.low;
    while (first <= starts.high) {
      // All starts up to the end of the bytes of this class share that end.
      std::size_t stop = first;
      const std::size_t limit = std::min(text.size(), starts.high + piece.max);
      while (stop < limit && Has(piece.bytes, text[stop])) ++stop;
      const std::size_t last = std::min(starts.high, stop);
      const Interval ends{.low = first + piece.min, .high = std::min(last + piece.max, stop)};
      if (ends.low <= ends.high) to.push_back(ends);
      first = stop + 1;
    }
  }
}

// A file's name ("x.png") or a host's goes on behind a full stop; a sentence does not. What is called is a function.
bool Shape::MayEnd(std::string_view text, std::size_t end) const {
  if (end == text.size()) return true;
  const Piece& last = pieces_.back();
  const char next = text[end];
  if (IsWordByte(next) || next == '(' || (!last.IsLiteral() && Has(last.bytes, next))) return false;
  return next != '.' || end + 1 == text.size() || !IsWordByte(text[end + 1]);
}

std::optional<std::size_t> Shape::MatchAt(std::string_view text, std::size_t begin) const {
  const std::string_view reach = text.substr(0, std::min(text.size(), begin + 2 * kLongest));
  Ends ends = {{.low = begin, .high = begin}};
  Ends next;
  for (const Piece& piece : pieces_) {
    next.clear();
    if (piece.IsLiteral()) {
      AfterLiteral(reach, piece, ends, next);
    } else {
      AfterRun(reach, piece, ends, next);
    }
    if (next.empty()) return std::nullopt;
    std::swap(ends, next);
  }
  std::size_t best = begin;
  for (const Interval& interval : ends) {
    for (std::size_t end = interval.high + 1; end-- > std::max(interval.low, best + 1);) {
      if (!MayEnd(text, end)) continue;
      best = end;
      break;
    }
  }
  return best == begin ? std::nullopt : std::optional(best);
}

}  // namespace gatehouse::inspect::secret
