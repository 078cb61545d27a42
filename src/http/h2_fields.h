#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/http2/stream.h"
#include "http/header_map.h"

namespace gatehouse::http {

// The fields of one HTTP/2 block, borrowed until it is sent.
class FieldList {
 public:
  explicit FieldList(std::size_t expected) { fields_.reserve(expected); }
  void Add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  void AddStatus(std::uint16_t status);
  // All but those that belong to an HTTP/1.1 connection (RFC 9113, 8.2.2).
  void AddAll(const HeaderMap& headers);
  // The same without Host and Content-Length, which the connection writes itself.
  void AddRequestFields(const HeaderMap& headers);
  std::span<const codec::http2::Field> view() const { return fields_; }

 private:
  std::vector<codec::http2::Field> fields_;
  std::array<char, 3> status_{};
};

// RFC 9113, 8.2.3: one Cookie field for those who do not know HTTP/2's several.
void JoinCookies(HeaderMap& headers);

// The value of Content-Length, if there is one that is a number.
std::optional<std::uint64_t> StatedLength(const HeaderMap& headers);

}  // namespace gatehouse::http
