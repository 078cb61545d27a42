#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/config/tree.h"

// Reads every value in every way: no text may crash, hang or grow the reader.
namespace gatehouse::codec::config {
namespace {

std::size_t Read(const Node& node) {
  std::size_t values = 1;
  switch (node.kind()) {
    case Node::Kind::kMap:
      for (const auto& member : node.Members()) values += Read(member.value);
      break;
    case Node::Kind::kList:
      for (const auto& element : node.Elements()) values += Read(element);
      break;
    default: break;
  }
  GH_CHECK(node.AsString().has_value() == (node.kind() == Node::Kind::kScalar));
  node.AsInteger({1, 10});
  node.AsNumber();
  node.AsBool();
  node.AsDuration({.min = 5, .max = 1000});
  node.AsBytes();
  node.AsSecret();
  node["missing"].AsStrings();
  return values;
}

}  // namespace
}  // namespace gatehouse::codec::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::codec::config;
  const Limits limits = {.bytes = 1 << 16, .depth = 32, .values = 2000};
  auto tree = Tree::Parse({reinterpret_cast<const char*>(data), size}, {}, limits);
  if (!tree.ok()) return 0;
  GH_CHECK(Read(tree.value().root()) <= limits.values + 1);
  static_cast<void>(tree.value().Finish().ok());
  return 0;
}
