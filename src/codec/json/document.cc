#include "codec/json/document.h"

#include <utility>

#include "codec/json/number.h"
#include "codec/json/tape.h"

namespace gatehouse::codec::json {

std::string_view Describe(Type type) {
  switch (type) {
    case Type::kMissing: return "nothing";
    case Type::kNull: return "null";
    case Type::kBool: return "a boolean";
    case Type::kNumber: return "a number";
    case Type::kString: return "a string";
    case Type::kArray: return "an array";
    case Type::kObject: return "an object";
  }
  return "nothing";
}

Document::Document() = default;
Document::~Document() = default;
Document::Document(Document&& other) noexcept { *this = std::move(other); }
Document& Document::operator=(Document&& other) noexcept {
  text_ = std::exchange(other.text_, {});
  tokens_ = std::move(other.tokens_);
  token_count_ = std::exchange(other.token_count_, 0);
  token_capacity_ = std::exchange(other.token_capacity_, 0);
  unescaped_ = std::move(other.unescaped_);
  unescaped_capacity_ = std::exchange(other.unescaped_capacity_, 0);
  names_ = std::move(other.names_);
  return *this;
}

Value Document::root() const { return token_count_ == 0 ? Value() : Value(this, 0); }

std::string_view Document::StringAt(std::uint32_t index) const {
  const Token& token = tokens_[index];
  if (token.link == Token::kNotEscaped) return {text_.data() + token.offset + 1, token.length - 2};
  return {unescaped_.get() + token.link, token.count()};
}

Type Value::type() const { return document_ == nullptr ? Type::kMissing : document_->tokens_[index_].type(); }

std::string_view Value::raw() const {
  if (document_ == nullptr) return {};
  const auto& token = document_->tokens_[index_];
  return {document_->text_.data() + token.offset, token.length};
}

std::size_t Value::offset() const { return document_ == nullptr ? 0 : document_->tokens_[index_].offset; }

std::string_view Value::string() const { return IsString() ? document_->StringAt(index_) : std::string_view(); }

std::optional<std::string_view> Value::AsString() const {
  if (!IsString()) return std::nullopt;
  return document_->StringAt(index_);
}

std::optional<std::int64_t> Value::AsInteger() const { return IsNumber() ? IntegerOf(raw()) : std::nullopt; }
std::optional<double> Value::AsNumber() const { return IsNumber() ? DoubleOf(raw()) : std::nullopt; }

std::optional<bool> Value::AsBool() const {
  if (!IsBool()) return std::nullopt;
  return raw().front() == 't';
}

std::size_t Value::size() const { return IsArray() || IsObject() ? document_->tokens_[index_].count() : 0; }

Value Value::operator[](std::string_view key) const {
  if (!IsObject()) return {};
  const auto* tokens = document_->tokens_.get();
  const std::uint32_t end = tokens[index_].link;
  for (std::uint32_t i = index_ + 1; i != end;) {
    const auto& name = tokens[i];
    const bool plain = name.link == Document::Token::kNotEscaped;
    const std::size_t size = plain ? name.length - 2 : name.count();
    if (size == key.size() && document_->StringAt(i) == key) return {document_, i + 1};
    const auto& value = tokens[i + 1];
    i = value.IsContainer() ? value.link : i + 2;
  }
  return {};
}

void Value::PickMembers(std::span<const std::string_view> names, std::span<Value> members) const {
  if (!IsObject()) return;
  const auto* tokens = document_->tokens_.get();
  const std::uint32_t end = tokens[index_].link;
  for (std::uint32_t i = index_ + 1; i != end;) {
    const std::string_view name = document_->StringAt(i);
    for (std::size_t n = 0; n < names.size(); ++n) {
      if (names[n].size() == name.size() && names[n] == name) members[n] = {document_, i + 1};
    }
    const auto& value = tokens[i + 1];
    i = value.IsContainer() ? value.link : i + 2;
  }
}

Value Value::at(std::size_t index) const {
  if (!IsArray() || index >= size()) return {};
  auto element = begin();
  for (; index > 0; --index) ++element;
  return (*element).value;
}

Value::Iterator Value::begin() const {
  if (!IsArray() && !IsObject()) return {};
  return {document_, index_ + 1, type()};
}

Value::Iterator Value::end() const {
  if (!IsArray() && !IsObject()) return {};
  return {document_, document_->tokens_[index_].link, type()};
}

Value::Member Value::Iterator::operator*() const {
  const std::size_t offset = document_->tokens_[index_].offset;
  if (parent_ == Type::kArray) return {{}, Value(document_, index_), offset};
  return {document_->StringAt(index_), Value(document_, index_ + 1), offset};
}

Value::Iterator& Value::Iterator::operator++() {
  const std::uint32_t value = parent_ == Type::kObject ? index_ + 1 : index_;
  const auto& token = document_->tokens_[value];
  index_ = token.IsContainer() ? token.link : value + 1;
  return *this;
}

}  // namespace gatehouse::codec::json
