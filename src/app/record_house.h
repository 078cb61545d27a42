#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/admin_handler.h"
#include "app/config_record.h"
#include "app/witness_house.h"
#include "base/log.h"
#include "base/result.h"
#include "features/alerts/dispatcher.h"
#include "features/audit/archive.h"
#include "features/audit/record.h"
#include "features/audit/watch.h"
#include "inspect/inspector.h"
#include "net/loop.h"
#include "record/log/files.h"
#include "record/log/log_writer.h"
#include "record/vault/master_key.h"
#include "record/vault/vault.h"

namespace gatehouse::app {

// The record of this gateway: its log, what writes entries, and the watch that beats. Owned by the Gateway, on its
// loop; outlives the other loops. Dropping it ends the log in order.
class RecordHouse {
 public:
  struct Start {
    std::filesystem::path folder;                         // where the configuration names none
    std::filesystem::path vault;                          // the same
    std::shared_ptr<const inspect::Inspector> inspector;  // what redacts; null: that of the program as it comes
    std::string node;                                     // the same
    std::size_t loops = 0;
    const base::Log& log;  // outlives the house
  };
  static base::Result<std::unique_ptr<RecordHouse>> Open(const RecordConfig& config, const Start& start,
                                                         const base::Clock& clock);
  RecordHouse(const RecordHouse&) = delete;
  RecordHouse& operator=(const RecordHouse&) = delete;
  ~RecordHouse() = default;

  features::audit::Record& record() { return *record_; }
  const std::string& folder() const { return folder_; }           // of the log
  features::audit::Archive* archive() { return archive_.get(); }  // null: nothing of payloads is kept

  admin::RecordServices services() { return {.archive = archive_.get(), .log = writer_.get()}; }

  // Says that the gateway has started, and begins to beat.
  void Begin(net::Loop& loop, std::string_view config, std::vector<features::audit::Watch::Store> stores);
  // Another configuration is in force; or was refused.
  void NoteConfig(std::string_view before, std::string_view after);
  void NoteRefusedConfig(std::string_view config);
  void NoteAdminCall(const admin::AdminCall& call);
  void NoteKey(const admin::KeyChange& change);
  void NoteAlert(const features::alerts::AlertNews& told);
  // Says that the gateway stops. Nothing more comes.
  void End(std::string_view config);

  record::log::LogState state() const { return writer_->state(); }
  // Entries that all witnesses have cosigned; 0 without any.
  std::uint64_t witnessed_size() const { return witnesses_ == nullptr ? 0 : witnesses_->witnessed_size(); }
  // What the operator should know; "" when all is well.
  std::string Problem() const;

 private:
  class Sink;

  explicit RecordHouse(const RecordConfig& config) : config_(config) {}
  void WarnOfUnknownKeys(const base::Log& log);
  base::Status OpenWitnesses(const std::filesystem::path& folder, const Start& start, const base::Clock& clock);
  base::Result<record::vault::MasterKeySource> OpenVault(const std::filesystem::path& folder, const base::Log& log,
                                                         const base::Clock& clock);
  base::Status OpenArchive(const Start& start, const base::Clock& clock);

  const RecordConfig config_;
  std::string origin_;
  std::string folder_;
  record::log::PosixFiles files_;
  std::unique_ptr<record::log::LogWriter> writer_;
  std::unique_ptr<features::audit::EntrySink> sink_;
  std::unique_ptr<features::audit::Record> record_;
  std::unique_ptr<record::vault::Vault> vault_;  // null: no payloads are kept
  std::unique_ptr<features::audit::Archive> archive_;
  std::unique_ptr<features::audit::Watch> watch_;
  std::unique_ptr<WitnessHouse> witnesses_;  // null: nobody witnesses, neither this log nor others here
};

}  // namespace gatehouse::app
