#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>
#include <vector>

#include "inspect/pii/word_filter.h"
#include "inspect/pii/word_table.h"

namespace gatehouse::inspect::pii {

// Which kinds of things the words before a place speak of, a bit for each kind.
inline constexpr std::size_t kTopics = 128;
using Topics = std::bitset<kTopics>;

// Words that speak of a kind of thing, in all languages. Filled once, then shared by all threads.
class ContextWords {
 public:
  // `words` with spaces between them, in lower case.
  void Add(std::size_t topic, std::string_view words);

  // Of the last words before text[at], as far as kReach bytes and kMaxWords words back. A word in the plural counts as
  // the one in the singular.
  Topics Before(std::string_view text, std::size_t at) const;

  static constexpr std::size_t kReach = 120;
  static constexpr int kMaxWords = 10;

 private:
  void AddTopicsOf(std::string_view text, std::size_t begin, std::size_t end, Topics& topics) const;

  WordFilter filter_{9};
  WordTable words_;             // -> number in topics_, from 1
  std::vector<Topics> topics_;  // by number, less 1
};

}  // namespace gatehouse::inspect::pii
