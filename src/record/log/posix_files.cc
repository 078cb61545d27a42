#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "record/errors.h"
#include "record/log/files.h"

namespace gatehouse::record::log {
namespace {

using base::Result;

std::string NameOf(int error) {
  switch (error) {
    case ENOSPC: return "ENOSPC";
    case EDQUOT: return "EDQUOT";
    case EROFS: return "EROFS";
    case EIO: return "EIO";
    case EACCES: return "EACCES";
    default: return std::to_string(error);
  }
}

base::Error Failed(std::string_view what, const std::string& path, int error = errno) {
  const std::string message = std::string(what) + " " + path + ": " + std::generic_category().message(error);
  base::Error failed = error == ENOENT ? NotFound(message) : Unavailable(message);
  failed.param = NameOf(error);
  return failed;
}

// Closes itself.
class Handle {
 public:
  explicit Handle(int descriptor) : descriptor_(descriptor) {}
  Handle(Handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Handle handle) : path_(std::move(path)), handle_(std::move(handle)) {}

  Result<std::size_t> WriteSome(std::span<const std::string_view> parts, std::uint64_t offset) override {
    std::array<iovec, kMaxParts> vectors{};
    std::ranges::transform(parts, vectors.begin(), [](std::string_view part) {
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the interface is that of reading too
      return iovec{.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()};
    });
    for (;;) {
      const auto count = static_cast<int>(parts.size());
      const ssize_t written = ::pwritev(handle_.get(), vectors.data(), count, static_cast<off_t>(offset));
      if (written > 0) return static_cast<std::size_t>(written);
      if (written == 0) return Failed("cannot write", path_, EIO);
      if (errno != EINTR) return Failed("cannot write", path_);
    }
  }
  base::Status Sync() override {
    if (::fdatasync(handle_.get()) != 0) return Failed("cannot make durable", path_);
    return base::Ok();
  }

 private:
  const std::string path_;
  Handle handle_;
};

// Written from its beginning on, past the page cache where the file system lets it (O_DIRECT): what is written once,
// synced at once and never read while the process lives need not be copied there. Then whole blocks are written, and
// what the last one had before is written again with what follows, as the page cache does it too.
class PosixSequentialFile final : public File {
 public:
  // `size` is what the file has room for.
  PosixSequentialFile(std::string path, Handle handle, std::uint64_t size)
      : path_(std::move(path)), handle_(std::move(handle)) {
    if (size % kBlockBytes == 0) SetDirect(O_DIRECT);
  }

  Result<std::size_t> WriteSome(std::span<const std::string_view> parts, std::uint64_t offset) override {
    GH_CHECK(offset == block_offset_ + held_);
    std::size_t end = held_;
    for (const std::string_view part : parts) end += part.size();
    const std::size_t bytes = direct_ != 0 ? Rounded(end) : end;
    Reserve(bytes);
    char* at = blocks_.get() + held_;
    for (const std::string_view part : parts) at = std::ranges::copy(part, at).out;
    std::fill(at, blocks_.get() + bytes, '\0');
    GH_CHECK_OK(WriteBlocks(bytes));
    const std::size_t whole = end / kBlockBytes * kBlockBytes;
    const std::size_t written = end - held_;
    held_ = end - whole;
    block_offset_ += whole;
    std::copy_n(blocks_.get() + whole, held_, blocks_.get());
    return written;
  }
  base::Status Sync() override {
    if (::fdatasync(handle_.get()) != 0) return Failed("cannot make durable", path_);
    return base::Ok();
  }

 private:
  // What disks and file systems ask of O_DIRECT at most.
  static constexpr std::size_t kBlockBytes = 4096;
  struct Freed {
    void operator()(char* blocks) const { ::operator delete(blocks, std::align_val_t(kBlockBytes)); }
  };

  static std::size_t Rounded(std::size_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes; }
  // O_DIRECT or 0. A file system that cannot do it refuses, and the cache is used.
  void SetDirect(int direct) { direct_ = ::fcntl(handle_.get(), F_SETFL, direct) == 0 ? direct : 0; }
  // With what is held of the last block.
  void Reserve(std::size_t bytes) {
    if (bytes <= reserved_) return;
    std::unique_ptr<char, Freed> more(static_cast<char*>(::operator new(bytes, std::align_val_t(kBlockBytes))));
    std::copy_n(blocks_.get(), held_, more.get());
    blocks_ = std::move(more);
    reserved_ = bytes;
  }
  base::Status WriteBlocks(std::size_t bytes) {
    for (std::size_t done = 0; done < bytes;) {
      const auto offset = static_cast<off_t>(block_offset_ + done);
      const ssize_t written = ::pwrite(handle_.get(), blocks_.get() + done, bytes - done, offset);
      if (written > 0) {
        done += static_cast<std::size_t>(written);
      } else if (written < 0 && errno == EINVAL && direct_ != 0) {
        SetDirect(0);
      } else if (written == 0 || errno != EINTR) {
        return Failed("cannot write", path_, written == 0 ? EIO : errno);
      }
    }
    return base::Ok();
  }

  const std::string path_;
  Handle handle_;
  int direct_ = 0;
  std::unique_ptr<char, Freed> blocks_;
  std::size_t reserved_ = 0;
  std::uint64_t block_offset_ = 0;  // in the file, of the first block
  std::size_t held_ = 0;            // bytes of it that are written
};

class PosixLock final : public FolderLock {
 public:
  explicit PosixLock(Handle handle) : handle_(std::move(handle)) {}

 private:
  Handle handle_;
};

Handle Open(const std::string& path, int flags, mode_t mode = 0) {
  return Handle(::open(path.c_str(), flags | O_CLOEXEC, mode));
}

}  // namespace

Result<std::unique_ptr<FolderLock>> PosixFiles::Lock(const std::string& path) {
  Handle handle = Open(path, O_RDWR | O_CREAT, 0600);
  if (!handle.valid()) return Failed("cannot open", path);
  if (::flock(handle.get(), LOCK_EX | LOCK_NB) != 0) {
    return Conflict(path + " is held by another process; a log has one writer");
  }
  return std::unique_ptr<FolderLock>(std::make_unique<PosixLock>(std::move(handle)));
}

Result<std::unique_ptr<File>> PosixFiles::Create(const std::string& path, Access access, std::uint64_t room) {
  Handle handle = Open(path, O_RDWR | O_CREAT | O_TRUNC, access == Access::kOwnerOnly ? 0600 : 0644);
  if (!handle.valid()) return Failed("cannot create", path);
  // The mode above is not taken where the file was there.
  if (access == Access::kOwnerOnly && ::fchmod(handle.get(), 0600) != 0) return Failed("cannot restrict", path);
  if (room > 0) {
    if (const int error = ::posix_fallocate(handle.get(), 0, static_cast<off_t>(room)); error != 0) {
      ::unlink(path.c_str());
      return Failed("no room for", path, error);
    }
    return std::unique_ptr<File>(std::make_unique<PosixSequentialFile>(path, std::move(handle), room));
  }
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, std::move(handle)));
}

Result<std::string> PosixFiles::Read(const std::string& path) {
  const Handle handle = Open(path, O_RDONLY);
  struct stat status = {};
  if (!handle.valid() || ::fstat(handle.get(), &status) != 0) return Failed("cannot open", path);
  if (!S_ISREG(status.st_mode)) return Malformed(path + " is no file");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(handle.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return Failed("cannot read", path);
    have += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  bytes.resize(have);
  return bytes;
}

base::Status PosixFiles::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Failed("cannot rename", from);
  return base::Ok();
}

base::Status PosixFiles::Remove(const std::string& path) {
  if (::remove(path.c_str()) != 0 && errno != ENOENT) return Failed("cannot remove", path);
  return base::Ok();
}

base::Status PosixFiles::MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return base::Ok();
  const int error = errno;
  struct stat status = {};
  if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return base::Ok();
  const std::size_t slash = path.rfind('/');
  if (error != ENOENT || slash == std::string::npos || slash == 0) return Failed("cannot make", path, error);
  GH_CHECK_OK(MakeFolder(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return Failed("cannot make", path);
  return base::Ok();
}

Result<std::vector<std::string>> PosixFiles::List(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (folder == nullptr && errno == ENOENT) return names;
  if (folder == nullptr) return Failed("cannot list", path);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): each call reads a stream of its own
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = &entry->d_name[0];
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

base::Status PosixFiles::SyncFolder(const std::string& path) {
  const Handle handle = Open(path, O_RDONLY | O_DIRECTORY);
  if (!handle.valid() || ::fsync(handle.get()) != 0) return Failed("cannot make durable", path);
  return base::Ok();
}

base::Status PosixFiles::SyncAll(const std::string& path) {
  const Handle handle = Open(path, O_RDONLY | O_DIRECTORY);
  if (!handle.valid() || ::syncfs(handle.get()) != 0) return Failed("cannot make durable all of", path);
  return base::Ok();
}

}  // namespace gatehouse::record::log
