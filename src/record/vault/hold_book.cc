#include "record/vault/hold_book.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "record/vault/posix_file.h"

namespace gatehouse::record::vault {
namespace {

using base::Result;
using base::Status;
using codec::json::Value;
using codec::json::Writer;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20U;
constexpr Day kNoEnd = INT32_MAX;

base::Error NotRead(std::string_view what) {
  return base::InvalidRequest(
      "The legal holds of the vault, in its file `holds`, cannot be read: " + std::string(what) +
      ". Restore it from a backup; without it nobody knows what may not be erased.");
}

PlacedHold::Act ReadAct(Value value) {
  return {.actor = std::string(value["by"].string()),
          .reason = std::string(value["reason"].string()),
          .at_ms = value["at_ms"].AsInteger().value_or(0)};
}

Result<Day> ReadDay(Value value, Day otherwise) {
  if (value.IsMissing()) return otherwise;
  const auto day = ParseDay(value.string());
  if (!day) return NotRead("a date is none");
  return *day;
}

Result<PlacedHold> ReadHold(Value value) {
  PlacedHold placed{
      .hold = {.id = std::string(value["hold"].string())}, .placed = ReadAct(value["placed"]), .lifted = {}};
  if (!IsHoldName(placed.hold.id)) return NotRead("a hold has no name");
  if (!value["key"].IsMissing()) {
    placed.hold.key = KeyId::FromHex(value["key"].string());
    if (!placed.hold.key) return NotRead("the id of a key is none");
  }
  if (const auto name = value["class"].AsString()) placed.hold.retention_class = std::string(*name);
  GH_TRY(placed.hold.from, ReadDay(value["from"], 0));
  GH_TRY(placed.hold.until, ReadDay(value["until"], kNoEnd));
  if (value["lifted"].IsObject()) placed.lifted = ReadAct(value["lifted"]);
  return placed;
}

void WriteAct(Writer& writer, std::string_view name, const PlacedHold::Act& act) {
  writer.Key(name).BeginObject().Field("by", act.actor).Field("reason", act.reason);
  writer.Field("at_ms", act.at_ms).EndObject();
}

void WriteHold(Writer& writer, const PlacedHold& placed) {
  const LegalHold& hold = placed.hold;
  writer.BeginObject().Field("hold", hold.id);
  if (hold.key) writer.Field("key", hold.key->Hex());
  if (hold.retention_class) writer.Field("class", *hold.retention_class);
  if (hold.from != 0) writer.Field("from", DayName(hold.from));
  if (hold.until != kNoEnd) writer.Field("until", DayName(hold.until));
  WriteAct(writer, "placed", placed.placed);
  if (placed.lifted) WriteAct(writer, "lifted", *placed.lifted);
  writer.EndObject();
}

auto InForce(std::vector<PlacedHold>& holds, std::string_view name) {
  return std::ranges::find_if(holds, [&](const PlacedHold& one) { return one.hold.id == name && !one.lifted; });
}

}  // namespace

Result<std::vector<PlacedHold>> ParseHolds(std::string_view text) {
  codec::json::Document document;
  if (!document.Parse(text).ok() || document.root()["v"].AsInteger() != 1) return NotRead("it is of another form");
  if (!document.root()["holds"].IsArray()) return NotRead("it has no list of holds");
  std::vector<PlacedHold> holds;
  for (const auto element : document.root()["holds"]) {
    GH_TRY(PlacedHold hold, ReadHold(element.value));
    holds.push_back(std::move(hold));
  }
  return holds;
}

std::string FormatHolds(const std::vector<PlacedHold>& holds) {
  std::string text;
  Writer writer(text);
  writer.BeginObject().Field("v", 1).Key("holds").BeginArray();
  for (const PlacedHold& hold : holds) WriteHold(writer, hold);
  writer.EndArray().EndObject();
  return text + "\n";
}

Result<std::unique_ptr<HoldBook>> HoldBook::Open(const std::filesystem::path& folder, Options options) {
  std::unique_ptr<HoldBook> book(new HoldBook(folder, std::move(options)));
  const auto file = File::Open(folder / "holds", O_RDONLY);
  if (!file.ok() && file.error().code == base::ErrorCode::kNotFound) return book;
  if (!file.ok()) return file.error();
  GH_TRY(const std::string text, file.value().ReadFrom(0, kMaxFileBytes));
  GH_TRY(book->holds_, ParseHolds(text));
  return book;
}

std::vector<PlacedHold> HoldBook::holds() const {
  const std::scoped_lock lock(mutex_);
  return holds_;
}

Status HoldBook::Place(PlacedHold hold) {
  const std::scoped_lock lock(mutex_);
  if (InForce(holds_, hold.hold.id) != holds_.end()) {
    return base::Error{.code = base::ErrorCode::kConflict,
                       .source = base::ErrorSource::kClient,
                       .public_message = "A legal hold of this name is in force already."};
  }
  if (std::ranges::count_if(holds_, [](const PlacedHold& one) { return !one.lifted; }) >=
      static_cast<std::ptrdiff_t>(kMostInForce)) {
    return base::Error{.code = base::ErrorCode::kTooLarge,
                       .source = base::ErrorSource::kStore,
                       .public_message = "As many legal holds are in force as there may be. Lift one first."};
  }
  std::vector<PlacedHold> holds = holds_;
  holds.push_back(std::move(hold));
  return Replace(std::move(holds));
}

Status HoldBook::Lift(std::string_view name, PlacedHold::Act act) {
  const std::scoped_lock lock(mutex_);
  std::vector<PlacedHold> holds = holds_;
  const auto found = InForce(holds, name);
  if (found == holds.end()) {
    return base::Error{.code = base::ErrorCode::kNotFound,
                       .source = base::ErrorSource::kClient,
                       .public_message = "There is no such legal hold, or it was lifted."};
  }
  found->lifted = std::move(act);
  const auto is_lifted = [](const PlacedHold& one) { return one.lifted.has_value(); };
  if (std::ranges::count_if(holds, is_lifted) > static_cast<std::ptrdiff_t>(kMostLifted)) {
    holds.erase(std::ranges::find_if(holds, is_lifted));
  }
  return Replace(std::move(holds));
}

// Nothing is in force, or no longer, that would be otherwise after the end of the process.
Status HoldBook::Replace(std::vector<PlacedHold> holds) {
  const std::filesystem::path beside = folder_ / "holds.new";
  GH_TRY(const File file, File::Open(beside, O_WRONLY | O_CREAT | O_TRUNC));
  GH_CHECK_OK(file.WriteAt(FormatHolds(holds), 0));
  GH_CHECK_OK(file.Sync());
  if (options_.after_step) options_.after_step(Step::kWritten);
  if (std::rename(beside.c_str(), (folder_ / "holds").c_str()) != 0)
    return FileError("cannot replace", folder_ / "holds");
  if (options_.after_step) options_.after_step(Step::kNamed);
  holds_ = std::move(holds);
  return SyncFolder(folder_);
}

}  // namespace gatehouse::record::vault
