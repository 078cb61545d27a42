#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "features/accounting/row.h"

namespace gatehouse::features::accounting {

// What a packed row is told by less its difference from the row before.
struct PackedBefore {
  std::int64_t number = 0;
  std::int64_t admitted_ms = 0;
  std::uint64_t shape = 0;
};

// Writes rows into a block (docs/formats/ledger_row.md): what names the caller, the model and the end of an exchange is
// written once for all rows that share it, figures that are 0 are not written, and ids of the gateway's own making go
// into half their characters. One thread.
class RowPacker {
 public:
  // Appends a row, whose figures are in `row.row`. `out` is the same for all rows of a packer.
  void Add(std::int64_t number, const SumsOfRow& row, std::string& out);

 private:
  // Texts by the order in which they came.
  class Dictionary {
   public:
    // Writes the place of a text, and after it the text itself where it is new; what is behind it.
    char* Put(std::string_view text, char* at);

   private:
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    using Places = std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>>;
    Places places_;
    const Places::value_type* latest_ = nullptr;  // of places_: most rows are like the one before
  };

  PackedBefore before_;
  Dictionary keys_;
  Dictionary names_;
};

// Reads them again. One thread; `packed` outlives it.
class RowUnpacker {
 public:
  // How figures are written: as bytes of the row, as they were before they were packed too, or packed.
  enum class Figures : std::uint8_t { kPlain, kPacked };
  explicit RowUnpacker(std::string_view packed, Figures figures = Figures::kPacked)
      : rest_(packed), figures_(figures) {}

  struct Packed {
    std::int64_t number = 0;
    std::string_view bytes;  // of the row, until the next one is read
  };
  bool AtEnd() const { return rest_.empty(); }
  // REQUIRES: it is not at its end. kInternal for what is no row: then there is no next one.
  base::Result<Packed> Next();

 private:
  std::uint64_t Number();
  std::string_view Bytes(std::size_t size);
  std::string_view Text() { return Bytes(Number()); }
  std::string_view Known(std::vector<std::string_view>& texts);
  void AppendFigures(std::uint64_t shape);
  std::string_view RequestId(std::int64_t admitted_ms, std::array<char, 30>& room);

  std::string_view rest_;
  const Figures figures_;
  bool ok_ = true;
  PackedBefore before_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> names_;
  std::string row_;
};

}  // namespace gatehouse::features::accounting
