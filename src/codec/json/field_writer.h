#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
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
  void Number(std::string_view name, std::uint64_t value) { Parts(name, value); }
  void Signed(std::string_view name, std::int64_t value) { Parts(name, value); }
  // A number too large for JSON numbers to be read as one everywhere: as text.
  void NumberAsWord(std::string_view name, std::int64_t value) { Parts(name, "\"", value, "\""); }
  // Milliseconds with three decimals.
  void Millis(std::string_view name, base::Duration duration) { Parts(name, duration); }
  void Raw(std::string_view text) { out_.append(text); }
  // One behind the other, with one look at the room there is: texts as they are, numbers as Number() and Signed() write
  // them, durations as Millis() does. `"name":"` is a part, and so is what goes between the quotes and needs no
  // escaping.
  template <class... Each>
  [[gnu::always_inline]] void Parts(const Each&... parts) {
    char* at = Extend((MostBytesOf(parts) + ...));
    ((at = PutPart(parts, at)), ...);
    out_.resize(static_cast<std::size_t>(at - out_.data()));
  }

 private:
  static constexpr std::size_t kMostDigits = 20;  // and their sign

  static std::size_t MostBytesOf(std::string_view text) { return text.size(); }
  template <std::integral Integer>
  static std::size_t MostBytesOf(Integer /*number*/) {
    return kMostDigits + 1;
  }
  static std::size_t MostBytesOf(base::Duration /*time*/) { return kMostDigits + 4; }

  [[gnu::always_inline]] static char* PutPart(std::string_view text, char* at) { return Put(text, at); }
  template <std::integral Integer>
  [[gnu::always_inline]] static char* PutPart(Integer number, char* at) {
    return std::to_chars(at, at + kMostDigits + 1, number).ptr;
  }
  // Milliseconds.
  static char* PutPart(base::Duration time, char* at) {
    const auto micros = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
    at = PutPart(micros / 1000, at);
    const auto rest = static_cast<unsigned>(micros % 1000);
    *at++ = '.';
    *at++ = static_cast<char>('0' + rest / 100);
    *at++ = static_cast<char>('0' + rest / 10 % 10);
    *at++ = static_cast<char>('0' + rest % 10);
    return at;
  }

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

  std::string& out_;
};

}  // namespace gatehouse::codec::json
