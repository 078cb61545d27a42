#include "codec/config/builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "codec/text/utf8.h"

namespace gatehouse::codec::config {
namespace {

struct ParserDeleter {
  void operator()(yaml_parser_t* parser) const {
    yaml_parser_delete(parser);
    delete parser;
  }
};
struct EventDeleter {
  void operator()(yaml_event_t* event) const { yaml_event_delete(event); }
};

Mark MarkOf(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

base::Error ProblemAt(Mark mark, std::string_view problem) {
  return base::InvalidRequest("line " + std::to_string(mark.line) + ", column " + std::to_string(mark.column) + ": " +
                              std::string(problem));
}

std::string_view Text(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// YAML 1.2, core schema.
bool IsNullWord(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

constexpr std::string_view kTags = "tags are not supported; put text that looks like something else in quotes";

}  // namespace

base::Status Tree::Builder::Build(std::string_view yaml) {
  if (const auto valid = text::ValidUtf8Prefix(yaml); valid < yaml.size()) {
    const auto line = std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(valid), '\n') + 1;
    return base::InvalidRequest("line " + std::to_string(line) + ": not valid UTF-8");
  }
  const std::unique_ptr<yaml_parser_t, ParserDeleter> parser(new yaml_parser_t);
  if (yaml_parser_initialize(parser.get()) == 0) return base::Internal("out of memory in the YAML parser");
  yaml_parser_set_encoding(parser.get(), YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(parser.get(), reinterpret_cast<const unsigned char*>(yaml.data()), yaml.size());
  yaml_event_type_t type = YAML_NO_EVENT;
  while (type != YAML_STREAM_END_EVENT) {
    yaml_event_t event = {};
    if (yaml_parser_parse(parser.get(), &event) == 0) {
      const char* const problem = parser->problem == nullptr ? "cannot be read" : parser->problem;
      return ProblemAt(MarkOf(parser->problem_mark), problem);
    }
    const std::unique_ptr<yaml_event_t, EventDeleter> owner(&event);
    type = event.type;
    GH_CHECK_OK(Take(event));
  }
  if (!has_root_) {
    GH_TRY(storage_->root, AddItem(Node::Kind::kMap, {1, 1}));
  }
  return base::Ok();
}

base::Status Tree::Builder::Take(const yaml_event_t& event) {
  const Mark mark = MarkOf(event.start_mark);
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (++documents_ > 1) return ProblemAt(mark, "only one document is allowed");
      return base::Ok();
    case YAML_SCALAR_EVENT: return TakeScalar(event);
    case YAML_ALIAS_EVENT: return TakeAlias(event);
    case YAML_SEQUENCE_START_EVENT:
      return Begin(Node::Kind::kList, event.data.sequence_start.tag, event.data.sequence_start.anchor, mark);
    case YAML_MAPPING_START_EVENT:
      return Begin(Node::Kind::kMap, event.data.mapping_start.tag, event.data.mapping_start.anchor, mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return End();
    default: return base::Ok();
  }
}

bool Tree::Builder::WantsKey() const {
  return !open_.empty() && storage_->items[open_.back().item].kind == Node::Kind::kMap && !open_.back().has_key;
}

base::Result<std::uint32_t> Tree::Builder::AddItem(Node::Kind kind, Mark mark) {
  if (storage_->items.size() >= limits_.values) {
    return ProblemAt(mark, "more than " + std::to_string(limits_.values) + " values");
  }
  storage_->items.emplace_back();
  storage_->items.back().kind = kind;
  storage_->items.back().mark = mark;
  return static_cast<std::uint32_t>(storage_->items.size() - 1);
}

base::Status Tree::Builder::TakeScalar(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const Mark mark = MarkOf(event.start_mark);
  std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
  if (scalar.tag != nullptr) return ProblemAt(mark, kTags);
  if (WantsKey()) {
    if (scalar.anchor != nullptr) return ProblemAt(mark, "a key cannot have an anchor");
    return TakeKey(std::move(text), mark);
  }
  const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
  GH_TRY(const std::uint32_t item, AddItem(plain && IsNullWord(text) ? Node::Kind::kNull : Node::Kind::kScalar, mark));
  storage_->items[item].scalar = std::move(text);
  storage_->items[item].quoted = !plain;
  if (scalar.anchor != nullptr) anchors_.insert_or_assign(std::string(Text(scalar.anchor)), item);
  return AddValue(item, mark);
}

base::Status Tree::Builder::TakeKey(std::string key, Mark mark) {
  Open& map = open_.back();
  const auto [twin, added] = map.keys.try_emplace(key, mark);
  if (!added) {
    return ProblemAt(mark,
                     "key `" + key + "` appears twice; it first stood in line " + std::to_string(twin->second.line));
  }
  map.has_key = true;
  map.key = std::move(key);
  map.key_mark = mark;
  return base::Ok();
}

base::Status Tree::Builder::TakeAlias(const yaml_event_t& event) {
  const Mark mark = MarkOf(event.start_mark);
  const std::string_view name = Text(event.data.alias.anchor);
  if (WantsKey()) return ProblemAt(mark, "an alias cannot be a key");
  const auto anchor = anchors_.find(name);
  if (anchor == anchors_.end()) {
    return ProblemAt(mark, "no complete value is anchored as `" + std::string(name) + "` above this line");
  }
  return AddValue(anchor->second, mark);
}

base::Status Tree::Builder::Begin(Node::Kind kind, const yaml_char_t* tag, const yaml_char_t* anchor, Mark mark) {
  if (tag != nullptr) return ProblemAt(mark, kTags);
  if (WantsKey()) return ProblemAt(mark, "a key must be plain text");
  if (open_.size() == limits_.depth) {
    return ProblemAt(mark, "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }
  GH_TRY(const std::uint32_t item, AddItem(kind, mark));
  if (anchor != nullptr) {
    anchors_.erase(std::string(Text(anchor)));
    pending_anchors_.emplace(item, Text(anchor));
  }
  open_.push_back({.item = item});
  return base::Ok();
}

base::Status Tree::Builder::End() {
  Open done = std::move(open_.back());
  open_.pop_back();
  GH_CHECK_OK(Merge(done));
  if (const auto anchor = pending_anchors_.find(done.item); anchor != pending_anchors_.end()) {
    anchors_.insert_or_assign(anchor->second, done.item);
    pending_anchors_.erase(anchor);
  }
  return AddValue(done.item, storage_->items[done.item].mark);
}

base::Status Tree::Builder::AddValue(std::uint32_t item, Mark mark) {
  if (open_.empty()) {
    storage_->root = item;
    has_root_ = true;
    return base::Ok();
  }
  Open& container = open_.back();
  if (container.has_key && container.key == "<<") {
    container.has_key = false;
    container.merged.emplace_back(container.key_mark, item);
    return base::Ok();
  }
  auto& into = storage_->items[container.item];
  into.expanded_values += storage_->items[item].expanded_values;
  if (into.expanded_values > limits_.values) {
    return ProblemAt(mark, "aliases stand for more than " + std::to_string(limits_.values) + " values");
  }
  const Mark at = container.has_key ? container.key_mark : mark;
  into.entries.push_back({.key = std::move(container.key), .mark = at, .value = item});
  container.has_key = false;
  container.key.clear();
  return base::Ok();
}

// The keys a map has itself win over those it takes from others, earlier ones over later ones.
base::Status Tree::Builder::Merge(Open& open) {
  for (const auto& [mark, from] : open.merged) {
    if (storage_->items[from].kind != Node::Kind::kList) {
      GH_CHECK_OK(MergeMap(open, from, mark));
      continue;
    }
    for (const auto& entry : storage_->items[from].entries) GH_CHECK_OK(MergeMap(open, entry.value, mark));
  }
  return base::Ok();
}

base::Status Tree::Builder::MergeMap(Open& into, std::uint32_t from, Mark mark) {
  const Node::Item& source = storage_->items[from];
  Node::Item& item = storage_->items[into.item];
  if (source.kind != Node::Kind::kMap) return ProblemAt(mark, "`<<` takes a map or a list of maps");
  merged_keys_ += source.entries.size();
  for (const auto& entry : source.entries) {
    if (merged_keys_ > limits_.values || item.expanded_values > limits_.values) break;
    if (!into.keys.try_emplace(entry.key, mark).second) continue;
    item.entries.push_back(entry);
    item.expanded_values += storage_->items[entry.value].expanded_values;
  }
  if (merged_keys_ <= limits_.values && item.expanded_values <= limits_.values) return base::Ok();
  return ProblemAt(mark, "aliases stand for more than " + std::to_string(limits_.values) + " values");
}

}  // namespace gatehouse::codec::config
