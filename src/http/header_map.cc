#include "http/header_map.h"

#include <algorithm>

#include "base/copy.h"
#include "codec/http1/characters.h"

namespace gatehouse::http {
namespace {

// Enough for most heads.
constexpr std::size_t kFirstFields = 16;
constexpr std::size_t kFirstBytes = 512;

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, codec::http1::ToLower, codec::http1::ToLower);
}

}  // namespace

void HeaderMap::Reserve(std::size_t fields, std::size_t bytes) {
  entries_.reserve(fields);
  bytes_.reserve(bytes);
}

void HeaderMap::Add(std::string_view name, std::string_view value) {
  const std::size_t offset = bytes_.size();
  const std::size_t size = offset + name.size() + value.size();
  if (entries_.capacity() == 0) Reserve(kFirstFields, std::max(kFirstBytes, size));
  if (size > bytes_.capacity()) bytes_.reserve(2 * size);
  bytes_.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    char* const at = bytes + offset;
    char* const value_at = base::CopyShort(at, name);
    codec::http1::LowerInPlace(at, name.size());
    base::CopyShort(value_at, value);
    return size;
  });
  entries_.push_back({.offset = static_cast<std::uint32_t>(offset),
                      .name_length = static_cast<std::uint32_t>(name.size()),
                      .value_length = static_cast<std::uint32_t>(value.size())});
}

void HeaderMap::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void HeaderMap::Remove(std::string_view name) {
  const auto is_it = [this, name](const Entry& entry) {
    return entry.name_length == name.size() &&
           EqualsIgnoringCase({bytes_.data() + entry.offset, entry.name_length}, name);
  };
  const auto first = std::ranges::find_if(entries_, is_it);  // mostly there is none
  entries_.erase(std::remove_if(first, entries_.end(), is_it), entries_.end());
}

void HeaderMap::Clear() {
  bytes_.clear();
  entries_.clear();
}

HeaderMap::Field HeaderMap::at(std::size_t index) const {
  const Entry& entry = entries_[index];
  const char* const name = bytes_.data() + entry.offset;
  return {{name, entry.name_length}, {name + entry.name_length, entry.value_length}};
}

std::optional<std::string_view> HeaderMap::Find(std::string_view name) const {
  for (const Field field : *this) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::size_t HeaderMap::Count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [this, name](const Entry& entry) {
    return std::string_view(bytes_.data() + entry.offset, entry.name_length) == name;
  }));
}

bool IsHopByHop(std::string_view name) {
  switch (name.size()) {
    case 2: return name == "te";
    case 7: return name == "trailer" || name == "upgrade";
    case 10: return name == "connection" || name == "keep-alive";
    case 16: return name == "proxy-connection";
    case 17: return name == "transfer-encoding";
    case 18: return name == "proxy-authenticate";
    case 19: return name == "proxy-authorization";
    default: return false;
  }
}

}  // namespace gatehouse::http
