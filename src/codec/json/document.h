#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::codec::json {

class Document;

enum class Type : std::uint8_t { kMissing, kNull, kBool, kNumber, kString, kArray, kObject };

// "a string", "an object" ...: for messages such as "expected a string, found an object".
std::string_view Describe(Type type);

// One value of a Document: a pointer and an index, to be copied. Valid while its Document lives. Every accessor is
// total: asking a value for what it is not yields nullopt, "" or a missing value, never an error; decoders check types
// themselves.
class Value {
 public:
  Value() = default;

  Type type() const;
  bool IsMissing() const { return type() == Type::kMissing; }
  bool IsNull() const { return type() == Type::kNull; }
  bool IsNullish() const { return IsMissing() || IsNull(); }  // absent, or present as null
  bool IsString() const { return type() == Type::kString; }
  bool IsNumber() const { return type() == Type::kNumber; }
  bool IsBool() const { return type() == Type::kBool; }
  bool IsArray() const { return type() == Type::kArray; }
  bool IsObject() const { return type() == Type::kObject; }

  // The value's own characters in the source, quotes and brackets included; "" when missing. For splicing and
  // pass-through.
  std::string_view raw() const;
  // Byte offset of raw() in the source.
  std::size_t offset() const;

  std::string_view string() const;  // decoded text; "" unless a string
  std::optional<std::string_view> AsString() const;
  std::optional<std::int64_t> AsInteger() const;  // numbers without fraction or exponent, and 1e3 or 2.0 that are whole
  std::optional<double> AsNumber() const;
  std::optional<bool> AsBool() const;

  // Elements of an array or members of an object; 0 otherwise.
  std::size_t size() const;
  bool empty() const { return size() == 0; }

  // The member of that name, or a missing value. Linear in the number of members.
  Value operator[](std::string_view key) const;
  Value operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  // The members of those names, all in one pass.
  template <std::size_t N>
  std::array<Value, N> Members(const std::array<std::string_view, N>& names) const {
    std::array<Value, N> members;
    PickMembers(names, members);
    return members;
  }
  // The element at that index, or a missing value. Linear: iterate instead where the order allows.
  Value at(std::size_t index) const;

  struct Member;
  class Iterator;
  // Iterates the elements of an array, or the members of an object (key and value); nothing for any other type.
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class Document;
  friend class Iterator;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  void PickMembers(std::span<const std::string_view> names, std::span<Value> members) const;

  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

struct Value::Member {
  std::string_view key;  // decoded; "" for the elements of an array
  Value value;
  std::size_t key_offset;  // of the key's opening quote in the source; of the value for the elements of an array
};

class Value::Iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = Member;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Member operator*() const;
  Iterator& operator++();
  Iterator operator++(int) {
    auto old = *this;
    ++*this;
    return old;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  friend class Value;
  Iterator(const Document* document, std::uint32_t index, Type parent)
      : document_(document), index_(index), parent_(parent) {}

  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
  Type parent_ = Type::kMissing;
};

struct Limits {
  std::size_t depth = 128;         // nesting of arrays and objects
  std::size_t values = 4'000'000;  // values in one document
};

// A parsed JSON text (RFC 8259, strict: one value, valid UTF-8, no duplicate names in one object, no lone surrogate
// escapes). A flat tape of tokens over the caller's text, which must outlive the Document unchanged. Movable;
// re-parsing reuses its memory. One thread at a time.
class Document {
 public:
  Document();
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  // `text` is at most 256 MiB. Errors are kInvalidRequest with the byte offset and what was expected there, in words
  // for the person who wrote the text.
  base::Status Parse(std::string_view text, const Limits& limits = {});

  // Gives the memory back; as before the first Parse.
  void Release() {
    if (token_capacity_ != 0) *this = Document();
  }

  // The outermost value; missing before a successful Parse.
  Value root() const;
  std::string_view text() const { return text_; }

 private:
  friend class Value;
  friend class Value::Iterator;
  struct Token;
  struct Name;
  class Parser;

  std::string_view StringAt(std::uint32_t index) const;

  std::string_view text_;
  std::unique_ptr<Token[]> tokens_;  // left uninitialised behind token_count_
  std::uint32_t token_count_ = 0;
  std::uint32_t token_capacity_ = 0;
  std::unique_ptr<char[]> unescaped_;  // decoded text of strings with escapes; allocated when the first one comes
  std::size_t unescaped_capacity_ = 0;
  std::vector<Name> names_;  // of the objects that are open while parsing; kept for its memory
};

}  // namespace gatehouse::codec::json
