#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::http {

// Field lines in order, in one buffer. Names are kept in lower case (RFC 9110, 5.1: case-insensitive), values trimmed.
// Views into it live until the next change. Cheap to clear and reuse.
class HeaderMap {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  // Room for that many fields and bytes of names and values, so that adding them does not allocate.
  void Reserve(std::size_t fields, std::size_t bytes);
  // `name` and `value` do not point into this map.
  void Add(std::string_view name, std::string_view value);
  void Set(std::string_view name, std::string_view value);  // replaces every field of that name
  void Remove(std::string_view name);
  void Clear();

  // The first field of that name (lower case), or nullopt.
  std::optional<std::string_view> Find(std::string_view name) const;
  bool Contains(std::string_view name) const { return Find(name).has_value(); }
  std::size_t Count(std::string_view name) const;

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  Field at(std::size_t index) const;

  class Iterator {
   public:
    Iterator(const HeaderMap& map, std::size_t index) : map_(&map), index_(index) {}
    Field operator*() const { return map_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const HeaderMap* map_;
    std::size_t index_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, entries_.size()}; }

 private:
  struct Entry {
    std::uint32_t offset;  // name, then value, in bytes_
    std::uint32_t name_length;
    std::uint32_t value_length;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

// True for the fields that belong to one connection and never pass a proxy (RFC 9110, 7.6.1).
bool IsHopByHop(std::string_view lower_case_name);

}  // namespace gatehouse::http
