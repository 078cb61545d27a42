#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/config/tree.h"

// What a Tree is made of.
namespace gatehouse::codec::config {

struct Node::Item {
  struct Entry {
    std::string key;  // "" in a list
    Mark mark;        // of the key, or of the element
    std::uint32_t value = 0;
    bool read = false;
  };

  Kind kind = Kind::kNull;
  Mark mark;
  std::string scalar;
  bool quoted = false;  // the scalar stood in quotes or in a block, and is text whatever it looks like
  std::vector<Entry> entries;
  std::vector<std::string> asked;   // keys that readers asked for
  std::size_t expanded_values = 1;  // with what every alias below stands for
};

struct Node::Storage {
  std::vector<Item> items;  // aliases share an item
  std::uint32_t root = 0;
  std::vector<Problem> problems;
  SecretResolver resolver;
};

}  // namespace gatehouse::codec::config
