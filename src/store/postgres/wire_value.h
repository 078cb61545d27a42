#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/value.h"

// Values as libpq carries them: arguments with their types, columns as text.
namespace gatehouse::store::postgres {

// The arguments of one statement in the arrays that PQsendQueryParams takes. Views into the values it was made of.
class Arguments {
 public:
  explicit Arguments(const std::vector<Value>& values);

  int size() const { return static_cast<int>(types_.size()); }
  const unsigned* types() const { return types_.data(); }
  const char* const* texts() const { return texts_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<std::string> numbers_;  // text of those that had none
  std::vector<unsigned> types_;
  std::vector<const char*> texts_;
  std::vector<int> lengths_;
  std::vector<int> formats_;  // 0 text, 1 binary
};

// A column that is not NULL, from its text and the OID of its type (pg_type.dat).
Value ColumnValue(std::string_view text, unsigned type);

}  // namespace gatehouse::store::postgres
