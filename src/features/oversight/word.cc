#include "features/oversight/word.h"

#include <algorithm>
#include <charconv>

#include "codec/crypto/random.h"

namespace gatehouse::features::oversight {

std::int64_t NewId() {
  std::uint64_t id = 0;
  for (const char byte : codec::crypto::RandomBytes(sizeof id)) id = id << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(id >> 2U) + 1;
}

std::optional<std::int64_t> IdBehind(std::string_view prefix, std::string_view word) {
  if (!word.starts_with(prefix)) return {};
  word.remove_prefix(prefix.size());
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (failed != std::errc() || end != word.data() + word.size() || id <= 0) return {};
  return id;
}

std::string ChainText(const std::vector<pipeline::NodeId>& chain) {
  std::string text = "/";
  for (const pipeline::NodeId node : chain) text.append(std::to_string(node.value)).append("/");
  return text;
}

std::vector<pipeline::NodeId> ChainOf(std::string_view text) {
  std::vector<pipeline::NodeId> chain;
  while (text.size() > 1) {
    text.remove_prefix(1);
    const std::string_view part = text.substr(0, text.find('/'));
    pipeline::NodeId node;
    std::from_chars(part.data(), part.data() + part.size(), node.value);
    chain.push_back(node);
    text.remove_prefix(part.size());
  }
  return chain;
}

std::vector<pipeline::NodeId> ChainOf(const pipeline::Principal& principal) {
  std::vector<pipeline::NodeId> chain;
  chain.reserve(principal.chain.size());
  for (const pipeline::Link& link : principal.chain) chain.push_back(link.id);
  return chain;
}

bool Has(const std::vector<pipeline::NodeId>& chain, const Person& person) {
  return std::ranges::any_of(chain, [&](pipeline::NodeId node) { return std::to_string(node.value) == person.key; });
}

std::string PathOf(const pipeline::Principal& principal) {
  std::string path;
  for (const std::string* part : {&principal.organization, &principal.team, &principal.project, &principal.name}) {
    if (!part->empty()) path.append(path.empty() ? "" : "/").append(*part);
  }
  return path;
}

}  // namespace gatehouse::features::oversight
