#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::codec::json {

// Appends `text` as a JSON string with quotes. Valid UTF-8 stays as it is; control characters, quote and backslash are
// escaped; an invalid byte becomes U+FFFD.
void AppendQuoted(std::string& out, std::string_view text);

// Writes one JSON text to the end of a string it does not own. Commas and colons are its business; balance is the
// caller's (checked in debug builds). Not thread-safe.
//
//   Writer w(out);
//   w.BeginObject().Key("model").String(model).Key("n").Number(3).EndObject();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(&out) {}

  Writer& BeginObject() { return Open('{'); }
  Writer& EndObject() { return Close('}'); }
  Writer& BeginArray() { return Open('['); }
  Writer& EndArray() { return Close(']'); }
  Writer& Key(std::string_view name);
  Writer& String(std::string_view text);
  Writer& Number(std::integral auto number) {
    if constexpr (std::signed_integral<decltype(number)>) {
      return Signed(number);
    } else {
      return Unsigned(number);
    }
  }
  Writer& Number(double number);  // shortest form that reads back the same; NaN and infinities become null
  Writer& Bool(bool value);       // bool-ok: the JSON value itself
  Writer& Null();
  // A complete JSON text, taken as it is.
  Writer& Raw(std::string_view json);

  // Key and value in one, for the frequent cases.
  Writer& Field(std::string_view name, std::string_view text) { return Key(name).String(text); }
  Writer& Field(std::string_view name, const char* text) { return Key(name).String(text); }
  Writer& Field(std::string_view name, std::integral auto number)
    requires(!std::same_as<decltype(number), bool>)
  {
    return Key(name).Number(number);
  }
  Writer& Field(std::string_view name, double number) { return Key(name).Number(number); }
  Writer& Field(std::string_view name, std::same_as<bool> auto value) { return Key(name).Bool(value); }
  Writer& RawField(std::string_view name, std::string_view json) { return Key(name).Raw(json); }

 private:
  Writer& Open(char bracket);
  Writer& Close(char bracket);
  Writer& Signed(std::int64_t number);
  Writer& Unsigned(std::uint64_t number);
  void Separate();

  std::string* out_;
  bool needs_comma_ = false;
  std::uint32_t depth_ = 0;  // containers that are open
};

}  // namespace gatehouse::codec::json
