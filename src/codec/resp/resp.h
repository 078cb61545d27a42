#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The Redis serialization protocol, versions 2 and 3 (redis.io, "Redis serialization protocol specification"). No I/O.
namespace gatehouse::codec::resp {

// What a server sends. Composite values own their parts.
struct Value {
  enum class Kind : std::uint8_t {
    kNull,       // _ and the null texts and arrays of version 2
    kText,       // + $ =
    kError,      // - !
    kInteger,    // :
    kDouble,     // ,
    kBoolean,    // #
    kBigNumber,  // (: its digits are the text
    kArray,      // *
    kSet,        // ~
    kMap,        // %: keys and values in turn
    kPush,       // >: not an answer
  };
  Kind kind = Kind::kNull;
  std::string text;          // of a text, an error, a big number; of a double as it was written
  std::int64_t integer = 0;  // also 0 or 1 of a boolean
  std::vector<Value> parts;

  bool operator==(const Value&) const = default;
  bool IsNull() const { return kind == Kind::kNull; }
  bool IsError() const { return kind == Kind::kError; }
  // The first word of an error, "WRONGPASS".
  std::string_view ErrorWord() const;
};

// What a decoder does not go beyond: kTooLarge.
struct Limits {
  std::size_t max_text = std::size_t{16} << 20U;
  std::size_t max_parts = 1 << 20U;  // of all levels of one value
  std::size_t max_depth = 16;
};

// Takes values out of bytes as they come. Attributes (|) are read and dropped.
class Decoder {
 public:
  explicit Decoder(Limits limits = {}) : limits_(limits) {}

  void Feed(std::string_view bytes);
  // The next whole value; nullopt: more bytes are needed. After an error nothing more comes.
  base::Result<std::optional<Value>> Next();
  // Bytes that are kept because their value is not whole.
  std::size_t buffered() const { return buffer_.size() - at_; }

 private:
  enum class Step : std::uint8_t { kValue, kStarved };
  struct Open {
    Value value;
    std::size_t missing = 0;
    enum class Fate : std::uint8_t { kKept, kDropped } fate = Fate::kKept;
  };

  // The next line without its end; nullopt: it is not whole.
  base::Result<std::optional<std::string_view>> Line();
  base::Result<std::optional<Value>> Element();
  base::Result<std::optional<Value>> Bulk(char type, std::string_view length);
  base::Status Begin(char type, std::string_view count);
  std::optional<Value> Complete(Value value);

  const Limits limits_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::vector<Open> open_;
  std::size_t parts_ = 0;
  enum class Pending : std::uint8_t { kNone, kOpened } pending_ = Pending::kNone;
};

// Appends a command as an array of texts, as servers take it.
void AppendCommand(std::string& out, std::span<const std::string_view> words);

}  // namespace gatehouse::codec::resp
