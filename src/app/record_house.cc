#include "app/record_house.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "app/version.h"
#include "inspect/default_detectors.h"
#include "record/log/key_ring.h"
#include "record/vault/master_key.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;
namespace log = record::log;

using codec::json::FieldWriter;

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "gateway";
  return name.data();
}

std::chrono::milliseconds Millis(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

// A log keeps the name that it was made with, whatever the host is called now.
std::string OriginIn(log::Files& files, const fs::path& folder) {
  const auto checkpoint = files.Read((folder / "checkpoint").string());
  return checkpoint.ok() ? checkpoint.value().substr(0, checkpoint.value().find('\n')) : std::string();
}

base::Error CannotOpen(base::Error error, const fs::path& folder) {
  const std::string because = error.public_message.empty() ? error.detail : error.public_message;
  error.public_message = "The record in " + folder.string() + " cannot be written. " + because +
                         " Check that the folder can be written and that no other gateway uses it; name another one in "
                         "`record.folder`, or say `record: { enabled: false }`.";
  return error;
}

std::optional<record::vault::MasterKeySource> SourceOf(const RecordConfig::KeySource& source) {
  using Source = record::vault::MasterKeySource;
  if (!source.variable.empty()) return Source(record::vault::MasterKeyVariable{.name = source.variable});
  if (!source.command.empty()) return Source(record::vault::MasterKeyCommand{.words = source.command});
  if (!source.file.empty()) return Source(record::vault::MasterKeyFile{.path = source.file});
  return {};
}

record::vault::MasterKeySources MasterKeysOf(const RecordConfig& config, const fs::path& folder) {
  using record::vault::MasterKeyFile;
  const MasterKeyFile beside = {.path = folder.string() + ".key", .if_absent = MasterKeyFile::IfAbsent::kMake};
  record::vault::MasterKeySources sources = {.current = SourceOf(config.master_key).value_or(beside),
                                             .previous = SourceOf(config.previous_key)};
  const auto* const file = std::get_if<MasterKeyFile>(&sources.current);
  if (sources.previous || file == nullptr) return sources;
  const fs::path previous = file->path.string() + ".previous";
  std::error_code ignored;
  if (fs::exists(previous, ignored)) sources.previous = MasterKeyFile{.path = previous};
  return sources;
}

base::Error VaultFailed(base::Error error, const fs::path& folder) {
  const std::string because = error.public_message.empty() ? error.detail : error.public_message;
  error.public_message = "The vault of payloads in " + folder.string() + " cannot be used. " + because +
                         " Check `record.payloads.vault` and `record.payloads.master_key`.";
  return error;
}

std::string_view Word(log::LogState::Health health) {
  switch (health) {
    case log::LogState::Health::kWriting: return "";
    case log::LogState::Health::kNoRoom: return "the disk has no room for it";
    case log::LogState::Health::kReadOnly: return "its disk takes no writes";
    case log::LogState::Health::kFailing: return "it cannot be written";
  }
  return "";
}

std::string_view Word(features::audit::Durability durability) {
  switch (durability) {
    case features::audit::Durability::kStrict: return "strict";
    case features::audit::Durability::kGroup: return "group";
    case features::audit::Durability::kAsync: return "async";
  }
  return "";
}

}  // namespace

class RecordHouse::Sink final : public features::audit::EntrySink {
 public:
  // Both outlive it; `witnesses` may be null.
  Sink(log::LogWriter& writer, const std::unique_ptr<WitnessHouse>& witnesses)
      : writer_(writer), witnesses_(witnesses) {}
  // Of a log that its witnesses contradict nothing more is promised.
  base::Result<std::uint64_t> Append(std::string_view entry, features::audit::Durability durability,
                                     log::LogWriter::Told told) override {
    const bool promises = durability != features::audit::Durability::kAsync;
    if (promises && witnesses_ != nullptr && witnesses_->is_contradicted()) {
      return base::Error{.code = base::ErrorCode::kUnavailable,
                         .source = base::ErrorSource::kStore,
                         .detail = "a witness contradicts the log"};
    }
    return writer_.Append(entry, durability, std::move(told));
  }

 private:
  log::LogWriter& writer_;
  const std::unique_ptr<WitnessHouse>& witnesses_;
};

base::Result<std::unique_ptr<RecordHouse>> RecordHouse::Open(const RecordConfig& config, const Start& start,
                                                             const base::Clock& clock) {
  std::unique_ptr<RecordHouse> self(new RecordHouse(config));
  const fs::path folder = config.folder.empty() ? start.folder : fs::path(config.folder);
  self->folder_ = folder.string();
  log::LogOptions options{.folder = self->folder_, .origin = config.origin};
  if (options.origin.empty()) options.origin = OriginIn(self->files_, folder);
  if (options.origin.empty()) options.origin = HostName() + "/gatehouse";
  options.group_interval = Millis(config.group_interval);
  options.checkpoint_interval = Millis(config.checkpoint_interval);
  options.max_queued_bytes = config.max_queued_bytes;
  self->origin_ = options.origin;
  GH_CHECK_OK(self->OpenWitnesses(folder, start, clock));
  auto writer = log::LogWriter::Open(std::move(options), self->files_, clock);
  if (!writer.ok()) return CannotOpen(std::move(writer).TakeError(), folder);
  self->writer_ = std::move(writer).value();
  self->WarnOfUnknownKeys(start.log);
  self->sink_ = std::make_unique<Sink>(*self->writer_, self->witnesses_);
  std::string node = config.node.empty() ? start.node : config.node;
  if (node.empty()) node = HostName();
  self->record_ =
      std::make_unique<features::audit::Record>(*self->sink_, clock, std::move(node), config.settings, start.loops);
  if (config.longest_payload != 0) GH_CHECK_OK(self->OpenArchive(start, clock));
  return self;
}

void RecordHouse::WarnOfUnknownKeys(const base::Log& log) {
  for (const UnknownWitnessKey& key : config_.unknown_keys) {
    log.Warning(
        "a witness or a log in the configuration has a key of an algorithm that is not known here: it is left out",
        {{"where", key.where}, {"key", key.key}, {"type", key.type}});
  }
  const auto text = files_.Read(folder_ + "/keys");
  if (!text.ok()) return;
  for (const record::tlog::UnknownKey& key : log::UnknownKeysIn(text.value())) {
    log.Warning(
        "the file of the record's keys has one of an algorithm that is not known here: it is kept, and nothing is "
        "checked with it",
        {{"key", key.text}, {"type", key.type}});
  }
}

// Before anything is written: a log that was wound back is not gone on with.
base::Status RecordHouse::OpenWitnesses(const fs::path& folder, const Start& start, const base::Clock& clock) {
  if (config_.witnesses.empty() && !config_.witness) return base::Ok();
  GH_TRY(witnesses_,
         WitnessHouse::Open(
             {.witnesses = config_.witnesses, .service = config_.witness, .interval = config_.checkpoint_interval},
             folder.string(), files_, clock, start.log));
  auto compared = witnesses_->Compare(origin_);
  if (compared.ok()) return compared;
  base::Error error = std::move(compared).TakeError();
  error.public_message = "The record in " + folder.string() + " is not gone on with. " + error.public_message +
                         " Put the newest copy of the folder back; see docs/record.md, Witnesses.";
  return error;
}

// Says where its master key comes from.
base::Result<record::vault::MasterKeySource> RecordHouse::OpenVault(const fs::path& folder, const base::Log& log,
                                                                    const base::Clock& clock) {
  auto sources = MasterKeysOf(config_, folder);
  const auto fingerprint = record::vault::Vault::MasterFingerprintIn(folder);
  if (!fingerprint.ok()) return VaultFailed(fingerprint.error(), folder);
  auto master = record::vault::FindMasterKey(sources, fingerprint.value(), clock);
  if (!master.ok()) return VaultFailed(std::move(master).TakeError(), folder);
  auto vault = record::vault::Vault::Open(folder, master.value().key, {.clock = &clock});
  if (!vault.ok()) return VaultFailed(std::move(vault).TakeError(), folder);
  vault_ = std::move(vault).value();
  if (master.value().which == record::vault::FittingMasterKey::Which::kPrevious) {
    log.Warning("the keys of the vault are wrapped with the previous master key: gatehouse record rotate-master-key");
  }
  // From now on there is a vault: a key that is missing is not made anew.
  auto* const file = std::get_if<record::vault::MasterKeyFile>(&sources.current);
  if (file != nullptr) file->if_absent = record::vault::MasterKeyFile::IfAbsent::kFail;
  return sources.current;
}

base::Status RecordHouse::OpenArchive(const Start& start, const base::Clock& clock) {
  using Keep = features::audit::ArchiveSettings::Keep;
  auto inspector = start.inspector;
  std::optional<record::vault::MasterKeySource> master;
  if (config_.archive.keep != Keep::kSizes) {
    GH_TRY(master, OpenVault(config_.vault.empty() ? start.vault : fs::path(config_.vault), start.log, clock));
  }
  if (config_.archive.keep == Keep::kRedacted && inspector == nullptr) {
    GH_TRY(inspector, inspect::Inspector::Build(inspect::DefaultDetectors()));
  }
  archive_ = std::make_unique<features::audit::Archive>(
      features::audit::Archive::Parts{
          .record = *record_,
          .vault = vault_.get(),
          .inspector = std::move(inspector),
          .clock = clock,
          .files = &files_,
          .log_folder = (config_.folder.empty() ? start.folder : fs::path(config_.folder)).string(),
          .master = std::move(master)},
      config_.archive);
  return base::Ok();
}

void RecordHouse::Begin(net::Loop& loop, std::string_view config, std::vector<features::audit::Watch::Store> stores) {
  record_->Note("node.start", [&](FieldWriter& entry) {
    entry.Word(R"(,"version":)", kVersion);
    entry.Word(R"(,"config":)", config);
    entry.Word(R"(,"mode":)", Word(config_.settings.durability));
  });
  watch_ = std::make_unique<features::audit::Watch>(loop, *record_, std::move(stores), config_.heartbeat);
  if (witnesses_ != nullptr) witnesses_->Start(*writer_, *record_, origin_);
}

void RecordHouse::NoteConfig(std::string_view before, std::string_view after) {
  record_->Note("config.change", [&](FieldWriter& entry) {
    entry.Word(R"(,"before":)", before);
    entry.Word(R"(,"after":)", after);
  });
}

void RecordHouse::NoteRefusedConfig(std::string_view config) {
  record_->Note("config.refused", [&](FieldWriter& entry) { entry.Word(R"(,"config":)", config); });
}

// How somebody showed who he is, by who he turned out to be.
std::string_view HowOf(std::string_view actor) {
  if (actor == "owner") return "password";
  return actor == "directory" ? "directory" : "token";
}

void RecordHouse::NoteAdminCall(const admin::AdminCall& call) {
  if (call.login != admin::AdminCall::Login::kNone) {
    const bool good = call.login == admin::AdminCall::Login::kGood;
    record_->Note("admin.login", [&](FieldWriter& entry) {
      entry.Word(R"(,"actor":)", call.actor);
      if (good) entry.Word(R"(,"how":)", HowOf(call.actor));
      entry.Word(R"(,"outcome":)", good ? "good" : "failed");
      if (call.together != 0) entry.Number(R"(,"count":)", call.together);
    });
    if (call.together != 0) return;
  }
  record_->Note("admin.action", [&](FieldWriter& entry) {
    entry.Word(R"(,"actor":)", call.actor);
    if (call.together != 0) return entry.Number(R"(,"count":)", call.together);
    entry.Text(R"(,"method":)", call.method.substr(0, 16));
    entry.Word(R"(,"resource":)", call.resource);
    entry.Number(R"(,"status":)", call.status);
  });
}

void RecordHouse::NoteKey(const admin::KeyChange& change) {
  record_->Note("key." + std::string(change.what), [&](FieldWriter& entry) {
    entry.NumberAsWord(R"(,"key":)", change.key.value);
    if (change.organization.value != 0) entry.NumberAsWord(R"(,"org":)", change.organization.value);
    entry.Word(R"(,"actor":)", change.actor);
  });
}

void RecordHouse::NoteAlert(const features::alerts::AlertNews& told) {
  record_->Note("alert." + std::string(told.what), [&](FieldWriter& entry) {
    entry.Word(R"(,"alert":)", told.alert.name());
    entry.Text(R"(,"kind":)", told.alert.notice.kind);
    entry.Word(R"(,"severity":)", ToString(told.alert.notice.severity));
    if (!told.alert.notice.chain.empty()) entry.NumberAsWord(R"(,"org":)", told.alert.notice.chain.front().value);
    if (told.channel.empty()) return;
    entry.Text(R"(,"channel":)", told.channel.substr(0, 64));
    entry.Signed(R"(,"attempts":)", told.attempts);
  });
}

void RecordHouse::End(std::string_view config) {
  archive_.reset();  // what waits there is written first
  watch_.reset();
  record_->Note("node.stop", [&](FieldWriter& entry) { entry.Word(R"(,"config":)", config); });
}

std::string RecordHouse::Problem() const {
  if (witnesses_ != nullptr && witnesses_->is_contradicted()) return "record: " + witnesses_->Problem();
  const log::LogState state = writer_->state();
  if (state.health == log::LogState::Health::kWriting) return {};
  std::string problem = "record: ";
  problem += Word(state.health);
  if (!state.detail.empty()) problem += " (" + state.detail + ")";
  return problem;
}

}  // namespace gatehouse::app
