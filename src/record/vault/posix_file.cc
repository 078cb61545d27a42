#include "record/vault/posix_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gatehouse::record::vault {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOwnersFolder = 0700;

}  // namespace

base::Error FileError(std::string_view what, const std::filesystem::path& path) {
  return {.code = errno == ENOENT ? base::ErrorCode::kNotFound : base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .retry = base::Retry::kSameTarget,
          .public_message = "The gateway's vault cannot be used at the moment. Try again soon.",
          .detail = std::string(what) + " " + path.string() + ": " + std::generic_category().message(errno)};
}

base::Result<File> File::Open(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
  if (descriptor < 0) return FileError("cannot open", path);
  return File(descriptor, path);
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Status File::WriteAt(std::string_view bytes, off_t offset) const {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FileError("cannot write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return base::Ok();
}

base::Result<std::string> File::ReadFrom(off_t offset, std::size_t limit) const {
  GH_TRY(const std::size_t size, Size());
  const std::size_t rest = size - std::min(size, static_cast<std::size_t>(offset));
  if (rest > limit) {
    return base::Error{.code = base::ErrorCode::kTooLarge,
                       .source = base::ErrorSource::kStore,
                       .public_message = "A file of the vault is longer than it can be.",
                       .detail = path_.string() + " has " + std::to_string(size) + " bytes"};
  }
  return ReadAt(offset, rest);
}

base::Result<std::string> File::ReadAt(off_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, size - done, offset + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) return FileError("cannot read", path_);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

base::Status File::Sync() const {
  if (::fdatasync(descriptor_) != 0) return FileError("cannot make safe", path_);
  return base::Ok();
}

base::Result<std::size_t> File::Size() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) return FileError("cannot look at", path_);
  return static_cast<std::size_t>(status.st_size);
}

base::Status File::Lock() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return base::Ok();
  return base::Error{.code = base::ErrorCode::kConflict,
                     .source = base::ErrorSource::kStore,
                     .public_message = path_.string() + " is in use by another process; a vault has one owner"};
}

base::Status SyncFolder(const std::filesystem::path& folder) {
  GH_TRY(const File file, File::Open(folder, O_RDONLY | O_DIRECTORY));
  return file.Sync();
}

base::Status MakeFolders(const std::filesystem::path& folder) {
  struct stat status = {};
  if (::stat(folder.c_str(), &status) == 0) return base::Ok();
  const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
  if (parent != folder && ::stat(parent.c_str(), &status) != 0) GH_CHECK_OK(MakeFolders(parent));
  if (::mkdir(folder.c_str(), kOwnersFolder) != 0 && errno != EEXIST) return FileError("cannot make", folder);
  return SyncFolder(parent);
}

}  // namespace gatehouse::record::vault
