#pragma once

#include <yaml.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/config/storage.h"

namespace gatehouse::codec::config {

// Builds the items of one Tree from libyaml's events. Lives for one call of Tree::Parse().
class Tree::Builder {
 public:
  Builder(Node::Storage& storage, const Limits& limits) : storage_(&storage), limits_(limits) {}

  base::Status Build(std::string_view yaml);

 private:
  // A list or map that is not complete.
  struct Open {
    std::uint32_t item = 0;
    bool has_key = false;  // of a map: the next value belongs to `key`
    std::string key;
    Mark key_mark;
    std::map<std::string, Mark, std::less<>> keys;
    std::vector<std::pair<Mark, std::uint32_t>> merged;  // values of `<<`
  };

  base::Status Take(const yaml_event_t& event);
  base::Status TakeScalar(const yaml_event_t& event);
  base::Status TakeKey(std::string key, Mark mark);
  base::Status TakeAlias(const yaml_event_t& event);
  base::Status Begin(Node::Kind kind, const yaml_char_t* tag, const yaml_char_t* anchor, Mark mark);
  base::Status End();
  base::Status AddValue(std::uint32_t item, Mark mark);
  base::Status Merge(Open& open);
  base::Status MergeMap(Open& into, std::uint32_t from, Mark mark);
  base::Result<std::uint32_t> AddItem(Node::Kind kind, Mark mark);
  bool WantsKey() const;

  Node::Storage* storage_;
  Limits limits_;
  std::vector<Open> open_;
  std::map<std::string, std::uint32_t, std::less<>> anchors_;  // of complete values only, so that there are no cycles
  std::map<std::uint32_t, std::string> pending_anchors_;       // item -> name, of lists and maps that are open
  std::size_t documents_ = 0;
  std::size_t merged_keys_ = 0;  // looked at for all `<<` together
  bool has_root_ = false;
};

}  // namespace gatehouse::codec::config
