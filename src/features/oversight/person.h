#pragma once

#include <string>
#include <string_view>

namespace gatehouse::features::oversight {

// A human being who decides: never a key of an application, and never an agent. A value.
struct Person {
  std::string key;   // by which two are told apart: the id of a user's node, "owner", "directory:anna"
  std::string name;  // for people: the path of a user

  bool operator==(const Person& other) const { return key == other.key; }
  // What the record says, which has no names: the id, "owner" or "directory".
  std::string_view word() const { return std::string_view(key).substr(0, key.find(':')); }
};

}  // namespace gatehouse::features::oversight
