#include "features/guard/body/reading.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "codec/json/writer.h"

namespace gatehouse::features::guard {
namespace {

namespace json = codec::json;
using inspect::Channel;

// A shorter number identifies nobody.
constexpr std::ptrdiff_t kFewestDigits = 6;

Channel ChannelOfRole(std::string_view role, Channel inherited) {
  constexpr std::array<std::pair<std::string_view, Channel>, 7> kRoles = {{{"system", Channel::kSystem},
                                                                           {"developer", Channel::kSystem},
                                                                           {"user", Channel::kUser},
                                                                           {"assistant", Channel::kAssistant},
                                                                           {"model", Channel::kAssistant},
                                                                           {"tool", Channel::kToolResult},
                                                                           {"function", Channel::kToolResult}}};
  const auto* found = std::ranges::find(kRoles, role, &std::pair<std::string_view, Channel>::first);
  return found == kRoles.end() ? inherited : found->second;
}

Channel ChannelOfType(std::string_view type, Channel inherited) {
  if (type == "document" || type == "search_result" || type == "container_upload") return Channel::kDocument;
  return type.ends_with("tool_result") ? Channel::kToolResult : inherited;
}

Channel ChannelOf(Voice voice, json::Value value, Channel inherited) {
  switch (voice) {
    case Voice::kInherited: return inherited;
    case Voice::kSystem: return Channel::kSystem;
    case Voice::kUser: return Channel::kUser;
    case Voice::kAssistant: return Channel::kAssistant;
    case Voice::kToolResult: return Channel::kToolResult;
    case Voice::kDocument: return Channel::kDocument;
    case Voice::kToolDescriptor: return Channel::kToolDescriptor;
    case Voice::kToolArguments: return Channel::kToolArguments;
    case Voice::kOutput: return Channel::kOutput;
    case Voice::kByRole: return ChannelOfRole(value["role"].string(), inherited);
    case Voice::kByType: return ChannelOfType(value["type"].string(), inherited);
  }
  return inherited;
}

bool IsLink(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("gs://") ||
         text.starts_with("s3://");
}

// The token of a string in its JSON text: what `offset` points at, to the closing quote.
std::size_t QuotedLength(std::string_view source, std::size_t offset) {
  std::size_t at = offset + 1;
  while (at < source.size() && source[at] != '"') at += source[at] == '\\' ? 2 : 1;
  return at + 1 - offset;
}

}  // namespace

std::string_view ToString(Unread reason) { return reason == Unread::kMedia ? "media" : "encrypted"; }

std::string ToString(std::span<const Step> path) {
  std::string text;
  for (const Step& step : path) {
    if (step.kind == Step::Kind::kElement) {
      text.append("[").append(std::to_string(step.index)).append("]");
    } else {
      text.append(text.empty() ? "" : ".").append(step.name);
    }
  }
  return text;
}

// Goes over a body once.
class BodyReading::Walk {
 public:
  // With `path_of`, remembers the way to the passage of that number.
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  Walk(const TextTable& table, BodyReading& reading, std::size_t path_of = kNone)
      : table_(table), reading_(reading), wanted_(path_of) {
    constexpr std::size_t kUsual = 8;
    reading_.passages_.reserve(kUsual);
  }

  void Begin(json::Value root) {
    source_ = SourceOf(root);
    Visit(root, &table_.root(), Channel::kUser, Content::kText);
  }

  const std::string& path() const { return path_; }

 private:
  using Place = TextTable::Place;

  static std::string_view SourceOf(json::Value root) {
    const std::string_view raw = root.raw();
    return {raw.data() - root.offset(), root.offset() + raw.size()};
  }

  // `around` is what the shape around it is, for places that no rule names.
  void Visit(json::Value value, const Place* place, Channel channel, Content around) {
    const Content content = place == nullptr ? Content::kFree : place->content;
    if (IsPassedOver(content)) return;
    if (place != nullptr) channel = ChannelOf(place->voice, value, channel);
    if (content == Content::kEncrypted) return NoteUnread(value, Unread::kEncrypted);
    if (around == Content::kSealed) return Inside(value, place, channel, Content::kSealed);
    Inside(value, place, channel, content == Content::kText && around == Content::kFree ? Content::kFree : content);
  }

  void Inside(json::Value value, const Place* place, Channel channel, Content content) {
    switch (value.type()) {
      case json::Type::kString: return VisitString(value, channel, content);
      case json::Type::kNumber:
        if (content == Content::kFree || content == Content::kSealed) VisitNumber(value, channel, content);
        return;
      case json::Type::kArray: return VisitElements(value, place, channel, content);
      case json::Type::kObject: return VisitMembers(value, place, channel, content);
      default: return;
    }
  }

  void VisitElements(json::Value value, const Place* place, Channel channel, Content content) {
    const Place* element = place == nullptr ? nullptr : table_.Element(*place);
    // A list of texts where a rule says text is texts; below that, nobody fixed the shape.
    std::size_t index = 0;
    for (const auto member : value) {
      Enter({.name = {}, .index = index++, .kind = Step::Kind::kElement});
      if (element == nullptr && member.value.IsString() && content != Content::kFree) {
        Inside(member.value, nullptr, channel, content);
      } else {
        Visit(member.value, element, channel, content);
      }
      Leave();
    }
  }

  void VisitMembers(json::Value value, const Place* place, Channel channel, Content content) {
    for (const auto member : value) {
      const Place* below = place == nullptr ? nullptr : table_.Member(*place, member.key);
      if (below != nullptr && IsPassedOver(below->content)) continue;
      Enter({.name = member.key});
      if (below == nullptr && content != Content::kText) {
        Add({.channel = channel,
             .kind = Passage::Kind::kName,
             .seal = SealOf(content),
             .text = member.key,
             .offset = member.key_offset,
             .length = QuotedLength(source_, member.key_offset)});
      }
      Visit(member.value, below, channel, content);
      Leave();
    }
  }

  // The way is only noted where somebody asks for it.
  void Enter(Step step) {
    if (wanted_ != kNone) [[unlikely]]
      path_steps_.push_back(step);
  }
  void Leave() {
    if (wanted_ != kNone) [[unlikely]]
      path_steps_.pop_back();
  }

  static bool IsPassedOver(Content content) { return content == Content::kTerm || content == Content::kDelta; }

  void VisitString(json::Value value, Channel channel, Content content) {
    const std::string_view text = value.string();
    if (text.empty()) return;
    if (content == Content::kMedia && !IsLink(text)) return NoteUnread(value, Unread::kMedia);
    if (content == Content::kJson && nested_ == 0 && VisitNested(value, channel)) return;
    Add({.channel = channel,
         .seal = SealOf(content),
         .text = text,
         .offset = value.offset(),
         .length = value.raw().size()});
  }

  void VisitNumber(json::Value value, Channel channel, Content content) {
    const std::string_view raw = value.raw();
    if (std::ranges::count_if(raw, [](char c) { return c >= '0' && c <= '9'; }) < kFewestDigits) return;
    Add({.channel = channel,
         .kind = Passage::Kind::kNumber,
         .seal = SealOf(content),
         .text = raw,
         .offset = value.offset(),
         .length = raw.size()});
  }

  // False where it holds no JSON: then it is a text like others.
  bool VisitNested(json::Value value, Channel channel) {
    Nested& nested = *reading_.nested_.emplace_back(std::make_unique<Nested>());
    nested.text = value.string();
    nested.offset = value.offset();
    nested.length = value.raw().size();
    if (!nested.document.Parse(nested.text).ok()) {
      reading_.nested_.pop_back();
      return false;
    }
    const std::string_view outer = std::exchange(source_, nested.text);
    nested_ = static_cast<std::uint32_t>(reading_.nested_.size());
    Visit(nested.document.root(), nullptr, channel, Content::kFree);
    nested_ = 0;
    source_ = outer;
    return true;
  }

  void NoteUnread(json::Value value, Unread reason) {
    const bool holds_nothing = value.IsNullish() || (value.IsString() && value.string().empty());
    if (!holds_nothing) reading_.unread_.push_back(reason);
  }

  static Passage::Seal SealOf(Content content) {
    return content == Content::kSealed ? Passage::Seal::kSealed : Passage::Seal::kNone;
  }

  void Add(Passage passage) {
    if (passage.text.empty()) return;
    passage.nested = nested_;
    if (reading_.passages_.size() == wanted_) {
      path_ = guard::ToString(path_steps_);
      if (passage.kind == Passage::Kind::kName) path_ += " (name)";
    }
    reading_.passages_.push_back(passage);
  }

  const TextTable& table_;
  BodyReading& reading_;
  const std::size_t wanted_;
  std::string path_;
  std::vector<Step> path_steps_;
  std::string_view source_;
  std::uint32_t nested_ = 0;
};

BodyReading::BodyReading(json::Value root, const TextTable& table) { Walk(table, *this).Begin(root); }

std::string BodyReading::PathOf(std::size_t passage, json::Value root, const TextTable& table) const {
  BodyReading again;
  Walk walk(table, again, passage);
  walk.Begin(root);
  return walk.path();
}

std::string BodyReading::With(std::string_view body, std::span<const Replacement> replacements) const {
  std::vector<json::Edit> outer;
  std::vector<std::vector<json::Edit>> inner(nested_.size());
  for (const Replacement& replacement : replacements) {
    const Passage& passage = passages_[replacement.passage];
    json::Edit edit{.offset = passage.offset, .length = passage.length, .replacement = {}};
    json::AppendQuoted(edit.replacement, replacement.text);
    (passage.nested == 0 ? outer : inner[passage.nested - 1]).push_back(std::move(edit));
  }
  for (std::size_t i = 0; i < nested_.size(); ++i) {
    if (inner[i].empty()) continue;
    json::Edit edit{.offset = nested_[i]->offset, .length = nested_[i]->length, .replacement = {}};
    json::AppendQuoted(edit.replacement, json::Apply(nested_[i]->text, inner[i]));
    outer.push_back(std::move(edit));
  }
  return json::Apply(body, outer);
}

}  // namespace gatehouse::features::guard
