#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::secret {

// Words that name secrets, found in the last bytes of a text without a scan. Immutable.
class NameIndex {
 public:
  // A name whose value may follow without an operator is `loose`.
  enum class Form : unsigned char { kStrict, kLoose };
  void Add(std::string_view name, Form form);

  // Where the first name begins (with all that it is part of) before `seam` whose value is behind that, or may come
  // there; `seam` where there is none.
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const;

 private:
  struct Entry {
    std::size_t slot = 0;
    std::string name;  // in small letters
    Form form = Form::kStrict;
  };

  static std::size_t Slot(std::string_view at);
  bool ReachesOver(std::string_view text, std::size_t begin, std::size_t seam) const;

  static constexpr std::size_t kSlots = 4096;
  std::bitset<kSlots> slots_;   // of the first three bytes of all names
  std::vector<Entry> entries_;  // by slot
  std::size_t longest_ = 0;
};

}  // namespace gatehouse::inspect::secret
