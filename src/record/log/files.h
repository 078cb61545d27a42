#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::record::log {

// An open file. Closes when dropped. One thread.
class File {
 public:
  virtual ~File() = default;
  // Writes some of the bytes of the parts, at least one, one part behind the other, and says how many.
  // REQUIRES: at most kMaxParts, with a byte at least.
  virtual base::Result<std::size_t> WriteSome(std::span<const std::string_view> parts, std::uint64_t offset) = 0;
  // The bytes are on the disk when it returns (fdatasync). After a failure nothing is known about any of them.
  virtual base::Status Sync() = 0;

  static constexpr std::size_t kMaxParts = 4;
  // All of them.
  base::Status Write(std::span<const std::string_view> parts, std::uint64_t offset);
  base::Status Write(std::string_view bytes, std::uint64_t offset) { return Write(std::span(&bytes, 1), offset); }
};

// Held as long as it lives.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

// The file operations of a log, so that tests can let them fail at every place. Paths are whole. Errors are
// kUnavailable, kNotFound where there is no such file; their `param` is the name of the system's error, such as ENOSPC.
class Files {
 public:
  enum class Access : std::uint8_t { kPublic, kOwnerOnly };  // 0644 and 0600

  virtual ~Files() = default;
  // kConflict while somebody else holds it.
  virtual base::Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) = 0;
  // A new file, or an old one emptied, with room for that many bytes. One with room is written from its beginning on,
  // each write where the one before it ended.
  virtual base::Result<std::unique_ptr<File>> Create(const std::string& path, Access access, std::uint64_t room) = 0;
  virtual base::Result<std::string> Read(const std::string& path) = 0;
  virtual base::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual base::Status Remove(const std::string& path) = 0;
  // With those above it.
  virtual base::Status MakeFolder(const std::string& path) = 0;
  // Names within, in order; none where there is no such folder.
  virtual base::Result<std::vector<std::string>> List(const std::string& path) = 0;
  // What was created, renamed and removed directly in the folder is on the disk when it returns.
  virtual base::Status SyncFolder(const std::string& path) = 0;
  // All that was written before anywhere in the file system of `path` is on the disk when it returns. Any thread.
  virtual base::Status SyncAll(const std::string& path) = 0;

  // Under another name first, so that the file is there whole or not at all; on the disk when it returns.
  base::Status WriteDurably(const std::string& path, std::string_view bytes, Access access = Access::kPublic);
  // Over what was there, without waiting for the disk.
  base::Status WriteWhole(const std::string& path, std::string_view bytes);
};

// The machine's own. Thread-safe.
class PosixFiles final : public Files {
 public:
  base::Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) override;
  base::Result<std::unique_ptr<File>> Create(const std::string& path, Access access, std::uint64_t room) override;
  base::Result<std::string> Read(const std::string& path) override;
  base::Status Rename(const std::string& from, const std::string& to) override;
  base::Status Remove(const std::string& path) override;
  base::Status MakeFolder(const std::string& path) override;
  base::Result<std::vector<std::string>> List(const std::string& path) override;
  base::Status SyncFolder(const std::string& path) override;
  base::Status SyncAll(const std::string& path) override;
};

}  // namespace gatehouse::record::log
