#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/vault/key_table.h"

namespace gatehouse::record::vault {

// Where the master key comes from. In all of them it is 64 hexadecimal digits or 44 characters of base 64 (RFC 4648),
// with white space around it, or 32 bytes as they are.
struct MasterKeyFile {
  std::filesystem::path path;
  enum class IfAbsent : std::uint8_t { kFail, kMake } if_absent = IfAbsent::kFail;
};
struct MasterKeyVariable {
  std::string name;  // of the environment
};
// A program that writes the key to its standard output, such as the client of a key management service. It is run
// without a shell, with the environment of this process, and its standard error is this process's.
struct MasterKeyCommand {
  std::vector<std::string> words;  // the program's path first
  base::Duration deadline = std::chrono::seconds(10);
};
using MasterKeySource = std::variant<MasterKeyFile, MasterKeyVariable, MasterKeyCommand>;

// Errors are for the operator, and name the source, never what was in it: kNotFound where there is none, kTimeout for a
// command that was ended at its deadline, kInvalidRequest for what is no key. A file that others than its owner may
// read is refused. Blocks.
base::Result<MasterKey> LoadMasterKey(const MasterKeySource& source, const base::Clock& clock);

// Where the master key is, and, while it is being changed, where the one before it is.
struct MasterKeySources {
  MasterKeySource current;
  std::optional<MasterKeySource> previous;
};
struct FittingMasterKey {
  MasterKey key;
  enum class Which : std::uint8_t { kCurrent, kPrevious } which = Which::kCurrent;
};
// The one of the two that a vault is wrapped with, by its fingerprint: the previous one is asked for only where the
// current one is another. Of a vault that is not there yet (nullopt) it is the current one. A current key that cannot
// be had is an error, whatever the previous one is, and where there is a vault none is made. kConflict: neither fits.
base::Result<FittingMasterKey> FindMasterKey(const MasterKeySources& sources,
                                             const std::optional<std::string>& fingerprint, const base::Clock& clock);

}  // namespace gatehouse::record::vault
