#include "inspect/eval/row.h"

#include <optional>
#include <utility>

#include "codec/json/document.h"
#include "codec/text/utf8.h"

namespace gatehouse::inspect::eval {
namespace {

// The byte at which the character with that number begins, going on from a pair that is known.
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {}

  std::optional<std::size_t> Offset(std::int64_t number) {
    if (number < at_) at_ = offset_ = 0;
    for (; at_ < number; ++at_) {
      if (static_cast<std::size_t>(offset_) >= text_.size()) return {};
      const auto length = codec::text::DecodeAt(text_, static_cast<std::size_t>(offset_)).length;
      offset_ += length == 0 ? 1 : length;
    }
    return static_cast<std::size_t>(offset_);
  }

 private:
  std::string_view text_;
  std::int64_t at_ = 0;
  std::int64_t offset_ = 0;
};

base::Result<std::vector<Row::Marked>> ReadMarked(codec::json::Value spans, std::string_view text) {
  std::vector<Row::Marked> marked;
  Characters characters(text);
  for (const auto element : spans) {
    const auto begin = element.value["start"].AsInteger();
    const auto end = element.value["end"].AsInteger();
    const auto type = element.value["type"].AsString();
    if (!begin || !end || !type || *begin < 0 || *end < *begin) {
      return base::InvalidRequest("a span needs type, start and end");
    }
    const auto first = characters.Offset(*begin);
    const auto last = characters.Offset(*end);
    if (!first || !last) return base::InvalidRequest("a span ends behind its text");
    marked.push_back({.type = std::string(*type), .span = {*first, *last}});
  }
  return marked;
}

}  // namespace

base::Result<Row> ReadRow(std::string_view line, Task task) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(line));
  const auto root = document.root();
  const auto text = root["text"].AsString();
  if (!text) return base::InvalidRequest("a row needs a text");
  Row row{.text = std::string(*text)};
  if (task == Task::kPii) {
    GH_TRY(row.marked, ReadMarked(root["spans"], row.text));
    return row;
  }
  const auto label = root["label"].AsInteger();
  if (!label || (*label != 0 && *label != 1)) return base::InvalidRequest("a row needs a label of 0 or 1");
  row.label = *label == 1 ? Row::Label::kHit : Row::Label::kClean;
  row.group = root[task == Task::kSecrets ? "rule" : "kind"].string();
  return row;
}

}  // namespace gatehouse::inspect::eval
