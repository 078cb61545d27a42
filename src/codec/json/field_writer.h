#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/json/writer.h"

namespace gatehouse::codec::json {

// Writes a JSON object field by field to the end of a string it does not own, where most of the text is the same every
// time: each name is a literal with its comma, quotes and colon, such as `,"field":`. For lines and entries that are
// written for every request; Writer is for everything else. Balance and commas are the caller's.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  void Text(std::string_view name, std::string_view value) {
    out_.append(name);
    AppendQuoted(out_, value);
  }
  // A value that needs no escaping.
  void Word(std::string_view name, std::string_view value) {
    out_.append(name).push_back('"');
    out_.append(value).push_back('"');
  }
  void Number(std::string_view name, std::uint64_t value) {
    out_.append(name);
    Append(value);
  }
  void Signed(std::string_view name, std::int64_t value) {
    out_.append(name);
    Append(value);
  }
  // A number too large for JSON numbers to be read as one everywhere: as text.
  void NumberAsWord(std::string_view name, std::int64_t value) {
    out_.append(name).push_back('"');
    Append(value);
    out_.push_back('"');
  }
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
  template <class Integer>
  void Append(Integer value) {
    std::array<char, 24> buffer;
    out_.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
  }

  std::string& out_;
};

}  // namespace gatehouse::codec::json
