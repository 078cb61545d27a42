#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "features/accounting/row.h"

namespace gatehouse::features::accounting {

// Writes rows into a block (docs/formats/ledger_row.md): what names the caller, the model and the end of an exchange is
// written once for all rows that share it, and the rest of each as it is. One thread.
class RowPacker {
 public:
  // Appends a row. `out` is the same for all rows of a packer.
  void Add(std::int64_t number, const RowParts& row, std::string& out);

 private:
  // Texts by the order in which they came.
  class Dictionary {
   public:
    // Appends the place of a text, and after it the text itself where it is new.
    void Put(std::string_view text, std::string& out);

   private:
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    using Places = std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>>;
    Places places_;
    const Places::value_type* latest_ = nullptr;  // of places_: most rows are like the one before
  };

  std::int64_t last_number_ = 0;
  Dictionary keys_;
  Dictionary names_;
};

// Reads them again. One thread; `packed` outlives it.
class RowUnpacker {
 public:
  explicit RowUnpacker(std::string_view packed) : rest_(packed) {}

  struct Packed {
    std::int64_t number = 0;
    std::string_view bytes;  // of the row, until the next one is read
  };
  bool AtEnd() const { return rest_.empty(); }
  // REQUIRES: it is not at its end. kInternal for what is no row: then there is no next one.
  base::Result<Packed> Next();

 private:
  std::uint64_t Number();
  std::string_view Text();
  std::string_view Known(std::vector<std::string_view>& texts);

  std::string_view rest_;
  bool ok_ = true;
  std::int64_t last_number_ = 0;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> names_;
  std::string row_;
};

}  // namespace gatehouse::features::accounting
