#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gatehouse::store {

// Bytes that are no text.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// What a column holds or an argument is; the monostate is NULL. Text is UTF-8.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

using Row = std::vector<Value>;

// What a statement gave. Accessors are total: a column that is NULL or of another type is 0, "" or nullopt; whoever
// wrote the statement knows its columns.
class Rows {
 public:
  Rows() = default;
  Rows(std::vector<Row> rows, std::uint64_t changes) : rows_(std::move(rows)), changes_(changes) {}

  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  const Row& at(std::size_t row) const { return rows_.at(row); }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }
  // How many rows the statement inserted, changed or deleted.
  std::uint64_t changes() const { return changes_; }

 private:
  std::vector<Row> rows_;
  std::uint64_t changes_ = 0;
};

// A row on its way, as it lies in the driver: valid while it is shown. Accessors are total like those of Rows.
class RowView {
 public:
  RowView() = default;
  RowView(const RowView&) = delete;
  RowView& operator=(const RowView&) = delete;
  virtual ~RowView() = default;

  virtual std::int64_t Integer(std::size_t column) const = 0;
  virtual std::string_view Text(std::size_t column) const = 0;
  virtual std::string_view Bytes(std::size_t column) const = 0;
  virtual bool IsNull(std::size_t column) const = 0;
};

// Is shown the rows of an answer, one after the other, until it has seen enough.
enum class Reading : std::uint8_t { kGoesOn, kEnds };
using RowVisitor = std::function<Reading(const RowView& row)>;

inline std::int64_t IntegerOf(const Value& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  return integer == nullptr ? 0 : *integer;
}
inline std::string_view TextOf(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}
inline std::string_view BytesOf(const Value& value) {
  const auto* blob = std::get_if<Blob>(&value);
  return blob == nullptr ? std::string_view() : std::string_view(blob->bytes);
}
inline bool IsNull(const Value& value) { return std::holds_alternative<std::monostate>(value); }

}  // namespace gatehouse::store
