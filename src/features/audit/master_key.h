#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "features/audit/record.h"
#include "record/vault/master_key.h"
#include "record/vault/vault.h"

namespace gatehouse::features::audit {

// What is known of the master key of a vault, by fingerprints: nothing that opens anything.
struct MasterKeyState {
  std::string in_use;     // what all keys of subjects are wrapped with
  std::string at_source;  // what its source gives now; the other one: a rotation is due
  std::size_t subjects = 0;
};

// The master key of one vault, and what the record says of it. All of it blocks, on the disk and on the source of the
// key: any thread but those of loops.
class MasterKeyCustody {
 public:
  // All outlive it.
  MasterKeyCustody(Record& record, const record::vault::Vault& vault, record::vault::MasterKeySource source,
                   const base::Clock& clock)
      : record_(record), vault_(vault), source_(std::move(source)), clock_(clock) {}

  // Says in the record which one is in force.
  void Note() const;
  base::Result<MasterKeyState> State() const;
  // Wraps the keys of all subjects with the one that the source gives now; the record says so durably before and after.
  // kConflict: it is in use already. After any other error the keys are wrapped as they were.
  base::Result<MasterKeyState> Rotate(std::string_view actor) const;

 private:
  base::Status NoteRotation(std::string_view type, const MasterKeyState& keys, std::string_view actor) const;

  Record& record_;
  const record::vault::Vault& vault_;
  const record::vault::MasterKeySource source_;
  const base::Clock& clock_;
};

}  // namespace gatehouse::features::audit
