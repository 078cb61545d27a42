#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "record/log/files.h"

namespace gatehouse::record::log::fake {

// A disk in memory that can be full, fail, or lose its power: then of what was not synced any part may be lost, writes
// torn at any byte. Names of files are as durable as the folder's last sync, later ones up to any one of them.
// Thread-safe.
class Disk final : public Files {
 public:
  explicit Disk(std::uint64_t seed = 1) : random_(seed) {}

  // After that many more changes the power is off: the last one may be done in part, all later calls fail.
  void CutPowerAfter(std::uint64_t changes);
  bool power_is_off() const;
  // What a machine finds that comes up again. Locks are gone.
  void Restart();

  void SetFull(bool full);           // bool-ok: a switch of a test
  void SetReadOnly(bool read_only);  // bool-ok: a switch of a test
  void FailSyncs(std::uint32_t count);
  void SetMostPerWrite(std::size_t bytes);
  std::uint64_t changes() const;

  // For tests that tamper: the bytes as they are, durable at once.
  void Overwrite(const std::string& path, std::string bytes);
  std::vector<std::string> Paths() const;

  base::Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) override;
  base::Result<std::unique_ptr<File>> Create(const std::string& path, Access access, std::uint64_t room) override;
  base::Result<std::string> Read(const std::string& path) override;
  base::Status Rename(const std::string& from, const std::string& to) override;
  base::Status Remove(const std::string& path) override;
  base::Status MakeFolder(const std::string& path) override;
  base::Result<std::vector<std::string>> List(const std::string& path) override;
  base::Status SyncFolder(const std::string& path) override;
  base::Status SyncAll(const std::string& path) override;

 private:
  struct Node;
  class OpenFile;
  class Held;
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  // A name that came to be, or went (null).
  struct NameChange {
    std::string path;
    std::shared_ptr<Node> node;
  };

  base::Status Change();
  base::Result<std::size_t> Write(Node& node, std::string_view bytes, std::uint64_t offset);
  base::Status Sync(Node& node);
  void SetName(const std::string& path, std::shared_ptr<Node> node);
  static void Apply(Names& names, const NameChange& change);

  mutable std::mutex mutex_;
  base::Random random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> locks_;
  std::uint64_t changes_ = 0;
  std::optional<std::uint64_t> changes_left_;
  bool off_ = false;
  bool full_ = false;
  bool read_only_ = false;
  std::uint32_t failing_syncs_ = 0;
  std::size_t most_per_write_ = SIZE_MAX;
};

}  // namespace gatehouse::record::log::fake
