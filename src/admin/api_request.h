#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "http/message.h"
#include "net/loop.h"

namespace gatehouse::admin {

// A JSON object that somebody sent, read field by field. What is asked for is known; the rest is refused by name. The
// first problem stays.
class ApiBody {
 public:
  // kInvalidRequest for what is no JSON object. "" is an empty object.
  static base::Result<ApiBody> Parse(std::string text);

  std::optional<std::string> Text(std::string_view name);
  std::optional<std::int64_t> Integer(std::string_view name);
  std::optional<std::vector<std::string>> Texts(std::string_view name);
  // An object of texts, as JSON in the order of its names.
  std::optional<std::string> Labels(std::string_view name);
  // RFC 3339, or a date; in milliseconds since 1970. 0 for null or "".
  std::optional<std::int64_t> Time(std::string_view name);

  // kInvalidRequest, with the parameter, when anything was wrong or nobody asked for it.
  base::Status Finish() const;

 private:
  ApiBody() = default;
  codec::json::Value Take(std::string_view name);
  void Wrong(std::string_view name, std::string_view expected);

  std::unique_ptr<const std::string> text_;  // does not move
  codec::json::Document document_;
  std::vector<std::string> known_;
  std::optional<base::Error> problem_;
};

// A parameter of the query, "" for none.
std::string QueryParameter(const http::RequestHead& head, std::string_view name);
// RFC 3339 or a date, in milliseconds since 1970.
base::Result<std::int64_t> TimeParameter(const http::RequestHead& head, std::string_view name, std::int64_t otherwise);
// `limit`.
base::Result<std::uint32_t> LimitParameter(const http::RequestHead& head, std::uint32_t otherwise);
// kInvalidRequest when the query has any other parameter.
base::Status CheckQuery(const http::RequestHead& head, std::initializer_list<std::string_view> known);
// The parts of a path behind a prefix, decoded: "keys", "acme/app:x", "rotate".
std::optional<std::vector<std::string>> PathParts(std::string_view path);
// Milliseconds since 1970.
std::int64_t NowMs(const net::Loop& loop);

}  // namespace gatehouse::admin
