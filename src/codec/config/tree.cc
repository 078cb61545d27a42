#include "codec/config/tree.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "codec/config/builder.h"
#include "codec/config/scalar.h"
#include "codec/config/storage.h"

namespace gatehouse::codec::config {
namespace {

constexpr std::string_view kExtension = "x-";

std::string UnknownKey(std::string_view key, const std::vector<std::string>& asked) {
  const std::vector<std::string_view> known(asked.begin(), asked.end());
  const std::string_view meant = Closest(key, known);
  std::string message = "unknown key `" + std::string(key) + "`";
  if (!meant.empty()) message += "; did you mean `" + std::string(meant) + "`?";
  return message;
}

}  // namespace

Tree::Tree() : storage_(std::make_unique<Node::Storage>()) {}
Tree::~Tree() = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

base::Result<Tree> Tree::Parse(std::string_view yaml, SecretResolver resolver, const Limits& limits) {
  if (yaml.size() > limits.bytes) {
    return base::InvalidRequest("The configuration is larger than " + std::to_string(limits.bytes) + " bytes.");
  }
  Tree tree;
  tree.storage_->resolver = std::move(resolver);
  Builder builder(*tree.storage_, limits);
  GH_CHECK_OK(builder.Build(yaml));
  return tree;
}

Node Tree::root() const { return {storage_.get(), storage_->root, "", storage_->items[storage_->root].mark}; }

std::vector<Problem> Tree::Problems() const {
  std::vector<Problem> problems = storage_->problems;
  std::vector<bool> seen(storage_->items.size());
  std::vector<std::uint32_t> open = {storage_->root};
  while (!open.empty()) {
    const std::uint32_t index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Node::Item& item = storage_->items[index];
    for (const auto& entry : item.entries) {
      if (entry.read) {
        open.push_back(entry.value);
      } else if (item.kind == Node::Kind::kMap && !(index == storage_->root && entry.key.starts_with(kExtension))) {
        problems.push_back({entry.mark, UnknownKey(entry.key, item.asked)});
      }
    }
  }
  std::ranges::sort(problems, [](const Problem& a, const Problem& b) {
    return std::tie(a.mark.line, a.mark.column, a.message) < std::tie(b.mark.line, b.mark.column, b.message);
  });
  return problems;
}

base::Status Tree::Finish() const {
  std::string message;
  for (const auto& problem : Problems()) {
    if (!message.empty()) message += '\n';
    message += "line " + std::to_string(problem.mark.line) + ": " + problem.message;
  }
  if (message.empty()) return base::Ok();
  return base::InvalidRequest(std::move(message));
}

}  // namespace gatehouse::codec::config
