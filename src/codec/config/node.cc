#include "codec/config/node.h"

#include <algorithm>
#include <utility>

#include "codec/config/scalar.h"
#include "codec/config/storage.h"

namespace gatehouse::codec::config {
namespace {

constexpr std::size_t kMaxProblems = 200;
constexpr std::size_t kLongestQuote = 60;

std::string Quote(std::string_view text) {
  const bool cut = text.size() > kLongestQuote;
  return "`" + std::string(text.substr(0, kLongestQuote)) + (cut ? "...`" : "`");
}

std::string_view DescribeKind(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kMissing:
    case Node::Kind::kNull: return "nothing";
    case Node::Kind::kScalar: return "a value";
    case Node::Kind::kList: return "a list";
    case Node::Kind::kMap: return "a map";
  }
  return "nothing";
}

// "from 1 to 10", "of at least 1", "of at most 10" or "".
std::string DescribeRange(const std::string& min, const std::string& max) {
  if (!min.empty() && !max.empty()) return " from " + min + " to " + max;
  if (!min.empty()) return " of at least " + min;
  return max.empty() ? "" : " of at most " + max;
}

template <class Number, class Format>
std::string DescribeRange(Range<Number> range, Format format) {
  using Limits = std::numeric_limits<Number>;
  return DescribeRange(range.min == Limits::lowest() ? "" : format(range.min),
                       range.max == Limits::max() ? "" : format(range.max));
}

std::string ShortNumber(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

template <class Number>
bool Contains(Range<Number> range, Number number) {
  return number >= range.min && number <= range.max;
}

}  // namespace

const Node::Item* Node::item() const {
  return storage_ == nullptr || item_ == kNoItem ? nullptr : &storage_->items[item_];
}

Node::Kind Node::kind() const { return item() == nullptr ? Kind::kMissing : item()->kind; }
Mark Node::mark() const { return mark_; }

std::string Node::ChildPath(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Node::AddProblem(std::string message) const {
  if (storage_ == nullptr || storage_->problems.size() >= kMaxProblems) return;
  storage_->problems.push_back({mark_, (path_.empty() ? "" : "`" + path_ + "` ") + std::move(message)});
}

void Node::Expected(std::string_view what) const {
  const Item& found = *item();
  const std::string kind = found.kind == Kind::kScalar ? Quote(found.scalar) : std::string(DescribeKind(found.kind));
  AddProblem("should be " + std::string(what) + ", but is " + kind);
}

Node Node::operator[](std::string_view key) const {
  if (!IsPresent()) return {storage_, kNoItem, ChildPath(key), mark_};
  Item& map = storage_->items[item_];
  if (map.kind != Kind::kMap) {
    if (map.asked.empty()) Expected("a map");
    map.asked.emplace_back(key);
    return {storage_, kNoItem, ChildPath(key), mark_};
  }
  if (std::ranges::find(map.asked, key) == map.asked.end()) map.asked.emplace_back(key);
  const auto entry = std::ranges::find(map.entries, key, &Item::Entry::key);
  if (entry == map.entries.end()) return {storage_, kNoItem, ChildPath(key), mark_};
  entry->read = true;
  return {storage_, entry->value, ChildPath(key), entry->mark};
}

Node Node::Required(std::string_view key) const {
  Node node = (*this)[key];
  const bool could_have_it = kind() == Kind::kMap || kind() == Kind::kNull;
  if (!node.IsPresent() && could_have_it) node.AddProblem("is missing");
  return node;
}

std::vector<Node::Member> Node::Members() const {
  std::vector<Member> members;
  if (!IsPresent()) return members;
  if (kind() != Kind::kMap) {
    Expected("a map");
    return members;
  }
  for (auto& entry : storage_->items[item_].entries) {
    entry.read = true;
    members.push_back({entry.key, Node(storage_, entry.value, ChildPath(entry.key), entry.mark)});
  }
  return members;
}

std::vector<Node> Node::Elements() const {
  std::vector<Node> elements;
  if (!IsPresent()) return elements;
  if (kind() != Kind::kList) {
    Expected("a list");
    return elements;
  }
  for (auto& entry : storage_->items[item_].entries) {
    entry.read = true;
    const std::string path = path_ + "[" + std::to_string(elements.size()) + "]";
    elements.push_back(Node(storage_, entry.value, path, entry.mark));
  }
  return elements;
}

std::optional<std::string_view> Node::Scalar(std::string_view expected) const {
  if (!IsPresent()) return std::nullopt;
  if (kind() == Kind::kScalar) return item()->scalar;
  Expected(expected);
  return std::nullopt;
}

std::optional<std::string_view> Node::PlainScalar(std::string_view expected) const {
  const auto text = Scalar(expected);
  if (!text || !item()->quoted) return text;
  AddProblem("should be " + std::string(expected) + ", but is text in quotes");
  return std::nullopt;
}

std::optional<std::string> Node::AsString() const {
  const auto text = Scalar("text");
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<std::int64_t> Node::AsInteger(Range<std::int64_t> range) const {
  const std::string expected =
      "an integer" + DescribeRange(range, [](std::int64_t number) { return std::to_string(number); });
  const auto text = PlainScalar(expected);
  if (!text) return std::nullopt;
  const auto number = ParseInteger(*text);
  if (number && Contains(range, *number)) return number;
  Expected(expected);
  return std::nullopt;
}

std::optional<double> Node::AsNumber(Range<double> range) const {
  const std::string expected = "a number" + DescribeRange(range, ShortNumber);
  const auto text = PlainScalar(expected);
  if (!text) return std::nullopt;
  const auto number = ParseNumber(*text);
  if (number && Contains(range, *number)) return number;
  Expected(expected);
  return std::nullopt;
}

std::optional<bool> Node::AsBool() const {
  const auto text = PlainScalar("true or false");
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Expected("true or false");
  return std::nullopt;
}

std::optional<base::Duration> Node::AsDuration(DurationRange range) const {
  if (range.min <= 0) range.min = std::numeric_limits<std::int64_t>::lowest();  // there are no negative ones to exclude
  const std::string bounds = DescribeRange(range, FormatDuration);
  const std::string expected = "a duration" + (bounds.empty() ? " such as 500ms, 30s or 2m" : bounds);
  const auto text = Scalar(expected);
  if (!text) return std::nullopt;
  const auto duration = ParseDuration(*text);
  if (duration && Contains(range, *duration)) return base::Duration(*duration);
  Expected(expected);
  return std::nullopt;
}

std::optional<std::uint64_t> Node::AsBytes(Range<std::uint64_t> range) const {
  const std::string bounds =
      DescribeRange(range, [](std::uint64_t number) { return std::to_string(number) + " bytes"; });
  const std::string expected = "a size" + (bounds.empty() ? " such as 64KiB or 16MiB" : bounds);
  const auto text = Scalar(expected);
  if (!text) return std::nullopt;
  const auto bytes = ParseBytes(*text);
  if (bytes && Contains(range, *bytes)) return bytes;
  Expected(expected);
  return std::nullopt;
}

std::optional<std::vector<std::string>> Node::AsStrings() const {
  if (!IsPresent()) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& element : Elements()) {
    if (!element.IsPresent()) element.AddProblem("should be text, but is empty");
    if (auto text = element.AsString()) texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<std::size_t> Node::ChoiceIndex(std::span<const std::string_view> names) const {
  std::string expected = names.size() > 1 ? "one of " : "";
  for (const auto name : names) expected += (name == names.front() ? "" : ", ") + std::string(name);
  const auto text = Scalar(expected);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  Expected(expected);
  return std::nullopt;
}

std::optional<base::Secret> Node::AsSecret() const {
  if (!IsPresent()) return std::nullopt;
  if (kind() == Kind::kScalar) return base::Secret(item()->scalar);
  if (kind() == Kind::kMap) return ReferencedSecret();
  Expected("a secret: text, `{ env: NAME }` or `{ file: /path }`");
  return std::nullopt;
}

std::optional<base::Secret> Node::ReferencedSecret() const {
  using enum SecretReference::Kind;
  const auto variable = (*this)["env"].AsString();
  const auto path = (*this)["file"].AsString();
  if (variable.has_value() == path.has_value()) {
    AddProblem("should have either `env` or `file`");
    return std::nullopt;
  }
  if (!storage_->resolver) {
    AddProblem("refers to a secret, which cannot be fetched here");
    return std::nullopt;
  }
  auto secret = storage_->resolver({variable ? kEnvironment : kFile, variable ? *variable : *path});
  if (secret.ok()) return std::move(secret).value();
  AddProblem("could not be fetched: " + secret.error().public_message);
  return std::nullopt;
}

void Node::MarkRead() const {
  std::vector<std::uint32_t> open;
  if (item() != nullptr) open.push_back(item_);
  while (!open.empty()) {
    Item& next = storage_->items[open.back()];
    open.pop_back();
    for (auto& entry : next.entries) {
      if (!std::exchange(entry.read, true)) open.push_back(entry.value);
    }
  }
}

}  // namespace gatehouse::codec::config
