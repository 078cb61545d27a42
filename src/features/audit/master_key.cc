#include "features/audit/master_key.h"

namespace gatehouse::features::audit {

using base::Result;
using base::Status;
using codec::json::FieldWriter;

void MasterKeyCustody::Note() const {
  record_.Note("vault.opened", [this](FieldWriter& entry) {
    entry.Word(R"(,"master":)", vault_.keys().master_fingerprint());
    entry.Number(R"(,"subjects":)", vault_.keys().subjects());
  });
}

Result<MasterKeyState> MasterKeyCustody::State() const {
  GH_TRY(const auto key, record::vault::LoadMasterKey(source_, clock_));
  return MasterKeyState{.in_use = vault_.keys().master_fingerprint(),
                        .at_source = key.fingerprint(),
                        .subjects = vault_.keys().subjects()};
}

Status MasterKeyCustody::NoteRotation(std::string_view type, const MasterKeyState& keys, std::string_view actor) const {
  return record_.WriteAndWait(type, [&](FieldWriter& entry) {
    entry.Word(R"(,"before":)", keys.in_use);
    entry.Word(R"(,"after":)", keys.at_source);
    entry.Number(R"(,"subjects":)", keys.subjects);
    entry.Text(R"(,"actor":)", actor);
  });
}

Result<MasterKeyState> MasterKeyCustody::Rotate(std::string_view actor) const {
  GH_TRY(const auto next, record::vault::LoadMasterKey(source_, clock_));
  const MasterKeyState before = {.in_use = vault_.keys().master_fingerprint(),
                                 .at_source = next.fingerprint(),
                                 .subjects = vault_.keys().subjects()};
  if (before.in_use == before.at_source) {
    return base::Error{.code = base::ErrorCode::kConflict,
                       .source = base::ErrorSource::kClient,
                       .public_message = "The vault's keys are wrapped with the master key " + before.in_use +
                                         " already. Put another one at its source first; see docs/record.md, The "
                                         "master key of the vault."};
  }
  GH_CHECK_OK(NoteRotation("key.master_rotating", before, actor));
  Status rotated = vault_.RotateMaster(next);
  const bool is_wrapped_anew = vault_.keys().master_fingerprint() == before.at_source;
  if (!is_wrapped_anew) {
    static_cast<void>(NoteRotation("key.master_failed", before, actor));  // the next start says what is in force
    return std::move(rotated).TakeError();
  }
  GH_CHECK_OK(NoteRotation("key.master_rotated", before, actor));
  if (!rotated.ok()) {
    base::Error error = std::move(rotated).TakeError();
    error.public_message =
        "The vault's keys are wrapped with the new master key, but the file before could not be "
        "overwritten: destroy the old master key all the same.";
    return error;
  }
  return MasterKeyState{.in_use = before.at_source, .at_source = before.at_source, .subjects = before.subjects};
}

}  // namespace gatehouse::features::audit
