#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

// Files as this folder needs them: whole, durable, and with errors that name the file. Everything blocks.
namespace gatehouse::record::vault {

// A descriptor that closes itself. Movable; one thread.
class File {
 public:
  // kNotFound where there is none; kUnavailable otherwise. New files are their owner's alone.
  static base::Result<File> Open(const std::filesystem::path& path, int flags);
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~File();

  base::Status WriteAt(std::string_view bytes, off_t offset) const;
  // kTooLarge: there are more than `limit` bytes from there on.
  base::Result<std::string> ReadFrom(off_t offset, std::size_t limit) const;
  // Exactly so many.
  base::Result<std::string> ReadAt(off_t offset, std::size_t size) const;
  // What was written before, and the length of the file, are on the disk when it returns.
  base::Status Sync() const;
  base::Result<std::size_t> Size() const;
  // For this process alone, until it is closed. kConflict while another one has it.
  base::Status Lock() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  File(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_ = -1;
  std::filesystem::path path_;
};

// What `errno` says about a file, as an error that may pass.
base::Error FileError(std::string_view what, const std::filesystem::path& path);

// Names made or removed in the folder before are so on the disk when it returns.
base::Status SyncFolder(const std::filesystem::path& folder);
// With the folders above it, each durable. Their owner's alone.
base::Status MakeFolders(const std::filesystem::path& folder);

}  // namespace gatehouse::record::vault
