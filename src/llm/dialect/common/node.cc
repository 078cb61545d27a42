#include "llm/dialect/common/node.h"

#include <limits>
#include <utility>

namespace gatehouse::llm::dialect::common {
namespace {

using base::Error;
using base::ErrorCode;
using base::Ok;
using base::Status;

Error About(const Node& node, ErrorCode code, std::string_view what) {
  std::string path = node.path();
  std::string message = path.empty() ? "The request body" : path;
  message.append(": ").append(what);
  return Error{.code = code,
               .source = base::ErrorSource::kClient,
               .public_message = std::move(message),
               .param = std::move(path)};
}

template <class T>
Status ReadUnsigned(const Node& node, std::optional<T>& out) {
  if (!node.present()) return Ok();
  const auto number = node.value().AsInteger();
  if (!number) return WrongType(node, "a whole number");
  if (*number < 0) return Invalid(node, "must not be negative");
  if (static_cast<std::uint64_t>(*number) > std::numeric_limits<T>::max()) return Invalid(node, "is too large");
  out = static_cast<T>(*number);
  return Ok();
}

}  // namespace

std::string Node::path() const {
  if (parent_ == nullptr) return {};
  std::string text = parent_->path();
  if (index_ != kMember) return text.append("[").append(std::to_string(index_)).append("]");
  if (!text.empty()) text += '.';
  return text.append(member_);
}

Error Invalid(const Node& node, std::string_view what) { return About(node, ErrorCode::kInvalidRequest, what); }
Error Unsupported(const Node& node, std::string_view what) { return About(node, ErrorCode::kUnsupported, what); }

Error WrongType(const Node& node, std::string_view expected) {
  if (node.value().IsMissing()) return Invalid(node, "is required");
  std::string what = "expected ";
  what.append(expected).append(", found ").append(codec::json::Describe(node.value().type()));
  return Invalid(node, what);
}

Status RequireObject(const Node& node) {
  if (!node.value().IsObject()) return WrongType(node, "an object");
  return Ok();
}

Status RequireArray(const Node& node) {
  if (!node.value().IsArray()) return WrongType(node, "an array");
  return Ok();
}

Status AllowObject(const Node& node) { return node.present() ? RequireObject(node) : Ok(); }
Status AllowArray(const Node& node) { return node.present() ? RequireArray(node) : Ok(); }

base::Result<std::string_view> RequireString(const Node& node) {
  if (!node.value().IsString()) return WrongType(node, "a string");
  return node.value().string();
}

Status Read(const Node& node, std::string& out) {
  if (!node.present()) return Ok();
  if (!node.value().IsString()) return WrongType(node, "a string");
  out = node.value().string();
  return Ok();
}

Status Read(const Node& node, bool& out) {
  if (!node.present()) return Ok();
  const auto value = node.value().AsBool();
  if (!value) return WrongType(node, "true or false");
  out = *value;
  return Ok();
}

Status Read(const Node& node, std::optional<bool>& out) {
  if (!node.present()) return Ok();
  return Read(node, out.emplace());
}

Status Read(const Node& node, std::optional<double>& out) {
  if (!node.present()) return Ok();
  const auto value = node.value().AsNumber();
  if (!value) return WrongType(node, "a number");
  out = value;
  return Ok();
}

Status Read(const Node& node, std::optional<std::uint64_t>& out) { return ReadUnsigned(node, out); }
Status Read(const Node& node, std::optional<std::uint32_t>& out) { return ReadUnsigned(node, out); }

Status Read(const Node& node, std::optional<std::int64_t>& out) {
  if (!node.present()) return Ok();
  const auto value = node.value().AsInteger();
  if (!value) return WrongType(node, "a whole number");
  out = value;
  return Ok();
}

Status ReadStrings(const Node& node, std::vector<std::string>& out) {
  if (!node.present()) return Ok();
  if (node.value().IsString()) {
    out.emplace_back(node.value().string());
    return Ok();
  }
  if (!node.value().IsArray()) return WrongType(node, "a string or an array of strings");
  std::size_t index = 0;
  for (const auto member : node.value()) {
    GH_TRY(const std::string_view text, RequireString(node.Element(member.value, index++)));
    out.emplace_back(text);
  }
  return Ok();
}

Status ReadRawObject(const Node& node, std::string& out) {
  GH_CHECK_OK(AllowObject(node));
  if (node.present()) out = node.value().raw();
  return Ok();
}

Status ReadRawArray(const Node& node, std::string& out) {
  GH_CHECK_OK(AllowArray(node));
  if (node.present()) out = node.value().raw();
  return Ok();
}

std::uint64_t Count(codec::json::Value value) {
  const auto number = value.AsInteger();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

}  // namespace gatehouse::llm::dialect::common
