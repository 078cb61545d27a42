#include "app/oversight_house.h"

#include <string>

#include "codec/json/field_writer.h"
#include "features/audit/record.h"

namespace gatehouse::app {
namespace {

using codec::json::FieldWriter;
using features::oversight::Halted;
using features::oversight::Stop;

// Names of nodes can be those of people: an id says which.
void WriteStop(FieldWriter& entry, const Stop& stop) {
  entry.Word(R"(,"stop":)", stop.Word());
  entry.Word(R"(,"scope":)", ToString(stop.scope));
  if (stop.scope == Stop::Scope::kNode) entry.NumberAsWord(R"(,"target":)", stop.node.value);
  if (!stop.name.empty()) entry.Text(R"(,"name":)", std::string_view(stop.name).substr(0, 64));
  entry.Text(R"(,"actor":)", stop.set_by.word());
}

}  // namespace

OversightHouse::OversightHouse(Parts parts)
    : parts_(parts),
      recorder_(parts_),
      kill_switch_({.loop = parts_.loop, .database = parts_.database, .witness = recorder_}) {}

void OversightHouse::Recorder::NoteStop(const Stop& stop, const Halted& halted) {
  log_.Warning("stopped by an operator",
               {{"stop", stop.Word()}, {"scope", ToString(stop.scope)}, {"ended", std::to_string(halted.exchanges)}});
  if (record_ == nullptr) return;
  record_->Note("kill.set", [&](FieldWriter& entry) {
    WriteStop(entry, stop);
    entry.Number(R"(,"ended":)", halted.exchanges);
    entry.Millis(R"(,"ms":)", halted.took);
    if (halted.whether == Halted::Whether::kNotYet) entry.Raw(R"(,"unfinished":true)");
  });
}

void OversightHouse::Recorder::NoteLift(const Stop& stop) {
  log_.Info("a stop was lifted", {{"stop", stop.Word()}});
  if (record_ == nullptr) return;
  record_->Note("kill.lifted", [&](FieldWriter& entry) {
    WriteStop(entry, stop);
    entry.Raw(R"(,"lifted_by":[)");
    std::string_view comma;
    for (const auto& person : stop.lifters) {
      entry.Raw(comma);
      entry.Text("", person.word());
      comma = ",";
    }
    entry.Raw("]");
  });
}

}  // namespace gatehouse::app
