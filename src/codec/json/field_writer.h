#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/json/writer.h"
#include "codec/text/scan.h"

namespace gatehouse::codec::json {

// Writes a JSON object field by field to the end of a string it does not own, where most of the text is the same every
// time: each name is a literal with its comma, quotes and colon, such as `,"field":`. For lines and entries that are
// written for every request; Writer is for everything else. Balance and commas are the caller's.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  [[gnu::always_inline]] void Text(std::string_view name, std::string_view value) {
    if (text::IsPlainJson(value)) return Word(name, value);
    out_.append(name);
    AppendQuoted(out_, value);
  }
  // A value that needs no escaping.
  [[gnu::always_inline]] void Word(std::string_view name, std::string_view value) {
    char* const at = Put(name, Extend(name.size() + value.size() + 2));
    *at = '"';
    *Put(value, at + 1) = '"';
  }
  void Number(std::string_view name, std::uint64_t value) { Append(name, value, ""); }
  void Signed(std::string_view name, std::int64_t value) { Append(name, value, ""); }
  // A number too large for JSON numbers to be read as one everywhere: as text.
  void NumberAsWord(std::string_view name, std::int64_t value) { Append(name, value, "\""); }
  // Milliseconds with three decimals.
  void Millis(std::string_view name, base::Duration duration) {
    const auto micros = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
    Number(name, micros / 1000);
    const auto rest = static_cast<unsigned>(micros % 1000);
    const std::array<char, 4> decimals = {'.', static_cast<char>('0' + rest / 100),
                                          static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
    out_.append(decimals.data(), decimals.size());
  }
  void Raw(std::string_view text) { out_.append(text); }

 private:
  // So many bytes more at the end, to be written.
  char* Extend(std::size_t bytes) {
    const std::size_t size = out_.size();
    if (out_.capacity() - size < bytes) [[unlikely]] {
      out_.reserve(std::max(2 * out_.capacity(), size + bytes));
    }
    out_.resize_and_overwrite(size + bytes, [](char*, std::size_t all) { return all; });
    return out_.data() + size;
  }
  [[gnu::always_inline]] static char* Put(std::string_view text, char* at) { return at + text.copy(at, text.size()); }

  // The number between quotes of that kind.
  template <class Integer>
  [[gnu::always_inline]] void Append(std::string_view name, Integer value, std::string_view quote) {
    constexpr std::size_t kMostDigits = 20;  // and their sign
    char* const begin = Extend(name.size() + kMostDigits + 2);
    char* at = Put(quote, Put(name, begin));
    at = Put(quote, std::to_chars(at, at + kMostDigits, value).ptr);
    out_.resize(static_cast<std::size_t>(at - out_.data()));
  }

  std::string& out_;
};

}  // namespace gatehouse::codec::json
