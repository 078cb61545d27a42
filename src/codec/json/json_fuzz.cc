#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json/document.h"
#include "codec/json/skim.h"
#include "codec/json/splice.h"
#include "codec/json/writer.h"

namespace gatehouse::codec::json {
namespace {

// Where the two may differ: names that appear twice (only we refuse), numbers outside double or 64 bits (only simdjson
// refuses), and a byte order mark (only simdjson skips it, in some versions).
bool MayDiffer(simdjson::error_code theirs, const base::Status& ours, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) return true;
  if (ours.ok()) return theirs == simdjson::NUMBER_ERROR;
  const std::string& message = ours.error().public_message;
  return theirs == simdjson::SUCCESS && message.find("appears twice") != std::string::npos;
}

void Rewrite(Value value, Writer& writer) {
  switch (value.type()) {
    case Type::kString: writer.String(value.string()); return;
    case Type::kArray:
      writer.BeginArray();
      for (const auto& element : value) Rewrite(element.value, writer);
      writer.EndArray();
      return;
    case Type::kObject:
      writer.BeginObject();
      for (const auto& [key, member, offset] : value) {
        GH_CHECK(value[key].raw().data() == member.raw().data());
        Rewrite(member, writer.Key(key));
      }
      writer.EndObject();
      return;
    default: writer.Raw(value.raw()); return;
  }
}

void CheckAccepted(const Document& document, std::string_view text) {
  GH_CHECK(text.substr(document.root().offset(), document.root().raw().size()) == document.root().raw());
  document.root().AsInteger();
  document.root().AsNumber();
  std::string once;
  Writer writer(once);
  Rewrite(document.root(), writer);
  Document second;
  GH_CHECK(second.Parse(once).ok());
  std::string twice;
  Writer second_writer(twice);
  Rewrite(second.root(), second_writer);
  GH_CHECK(once == twice);
  if (!document.root().IsObject()) return;
  const std::string with = WithMember(text, document.root(), "\x01 added", "[]");
  GH_CHECK(second.Parse(with).ok());
  GH_CHECK(second.root()["\x01 added"].raw() == "[]");
}

void FuzzOne(std::string_view text) {
  Document document;
  const auto ours = document.Parse(text, {.depth = 1024});
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto theirs = parser.parse(text.data(), text.size(), true).get(root);
  if (theirs != simdjson::DEPTH_ERROR) {
    GH_CHECK(ours.ok() == (theirs == simdjson::SUCCESS) || MayDiffer(theirs, ours, text));
  }
  const auto usual = document.Parse(text);
  const bool twice = !usual.ok() && usual.error().public_message.find("appears twice") != std::string::npos;
  GH_CHECK((Skim(text, {}) != Skimmed::kBroken) == usual.ok() || twice);
  if (!usual.ok() && ours.ok()) GH_CHECK(document.Parse(text, {.depth = 1024}).ok());
  if (ours.ok() && text.size() < 4096) CheckAccepted(document, text);
}

}  // namespace
}  // namespace gatehouse::codec::json

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::codec::json::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
