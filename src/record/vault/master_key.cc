#include "record/vault/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "codec/crypto/aead.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"
#include "record/vault/command_output.h"
#include "record/vault/posix_file.h"

namespace gatehouse::record::vault {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::string_view kSpace = " \t\r\n";

base::Error Unusable(base::ErrorCode code, const std::string& source, std::string_view why) {
  return {.code = code,
          .source = base::ErrorSource::kStore,
          .public_message = "The master key of the vault, from " + source + ", " + std::string(why) + "."};
}

std::optional<MasterKey> KeyOf(base::Secret text) {
  if (text.Reveal().size() == codec::crypto::kAesKeyBytes) return MasterKey(std::move(text));
  std::string_view trimmed = text.Reveal();
  trimmed.remove_prefix(std::min(trimmed.find_first_not_of(kSpace), trimmed.size()));
  trimmed = trimmed.substr(0, trimmed.find_last_not_of(kSpace) + 1);
  for (auto& decoded : {codec::crypto::HexDecode(trimmed), codec::crypto::Base64Decode(trimmed)}) {
    if (decoded && decoded->size() == codec::crypto::kAesKeyBytes) return MasterKey(base::Secret(*decoded));
  }
  return {};
}

base::Result<MasterKey> Understood(const std::string& source, base::Secret text) {
  if (auto key = KeyOf(std::move(text))) return std::move(*key);
  return Unusable(base::ErrorCode::kInvalidRequest, source,
                  "is not 32 bytes, 64 hexadecimal digits or base 64 of them");
}

base::Result<MasterKey> Make(const MasterKeyFile& source) {
  const base::Secret text(codec::crypto::HexEncode(codec::crypto::RandomBytes(codec::crypto::kAesKeyBytes)) + "\n");
  const auto folder = source.path.has_parent_path() ? source.path.parent_path() : std::filesystem::path(".");
  GH_CHECK_OK(MakeFolders(folder));
  GH_TRY(const File file, File::Open(source.path, O_WRONLY | O_CREAT | O_EXCL));
  GH_CHECK_OK(file.WriteAt(text.Reveal(), 0));
  GH_CHECK_OK(file.Sync());
  GH_CHECK_OK(SyncFolder(folder));
  return Understood("the file " + source.path.string(), text);
}

base::Result<MasterKey> Load(const MasterKeyFile& source, const base::Clock& /*clock*/) {
  const std::string name = "the file " + source.path.string();
  struct stat status = {};
  if (::stat(source.path.c_str(), &status) != 0) {
    if (source.if_absent == MasterKeyFile::IfAbsent::kMake) return Make(source);
    return Unusable(base::ErrorCode::kNotFound, name, "is not there");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Unusable(base::ErrorCode::kDenied, name, "may be read by others than its owner: set its mode to 0600");
  }
  GH_TRY(const File file, File::Open(source.path, O_RDONLY));
  GH_TRY(std::string text, file.ReadFrom(0, kMaxTextBytes));
  return Understood(name, base::Secret(std::move(text)));
}

base::Result<MasterKey> Load(const MasterKeyVariable& source, const base::Clock& /*clock*/) {
  const char* const value = std::getenv(source.name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const std::string name = "the variable " + source.name;
  if (value == nullptr) return Unusable(base::ErrorCode::kNotFound, name, "is not set");
  return Understood(name, base::Secret(value));
}

base::Result<MasterKey> Load(const MasterKeyCommand& source, const base::Clock& clock) {
  const std::string name = "the command " + (source.words.empty() ? std::string("\"\"") : source.words.front());
  auto output = CommandOutput(source.words, {clock.Now() + source.deadline}, kMaxTextBytes, clock);
  if (!output.ok()) return Unusable(output.error().code, name, output.error().public_message);
  return Understood(name, std::move(output).value());
}

}  // namespace

base::Result<MasterKey> LoadMasterKey(const MasterKeySource& source, const base::Clock& clock) {
  return std::visit([&](const auto& from) { return Load(from, clock); }, source);
}

base::Result<FittingMasterKey> FindMasterKey(const MasterKeySources& sources,
                                             const std::optional<std::string>& fingerprint, const base::Clock& clock) {
  using Which = FittingMasterKey::Which;
  MasterKeySource source = sources.current;
  auto* const file = std::get_if<MasterKeyFile>(&source);
  if (file != nullptr && fingerprint) file->if_absent = MasterKeyFile::IfAbsent::kFail;
  GH_TRY(MasterKey current, LoadMasterKey(source, clock));
  if (!fingerprint || current.fingerprint() == *fingerprint)
    return FittingMasterKey{std::move(current), Which::kCurrent};
  std::string given = current.fingerprint();
  if (sources.previous) {
    GH_TRY(MasterKey previous, LoadMasterKey(*sources.previous, clock));
    if (previous.fingerprint() == *fingerprint) return FittingMasterKey{std::move(previous), Which::kPrevious};
    given += ", the previous one " + previous.fingerprint();
  }
  return base::Error{.code = base::ErrorCode::kConflict,
                     .source = base::ErrorSource::kStore,
                     .public_message = "Its keys are wrapped with the master key " + *fingerprint +
                                       "; the one that was given is " + given + ". Give that one as `previous`."};
}

}  // namespace gatehouse::record::vault
