#include "net/file_watch.h"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gatehouse::net {

namespace {

constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr base::Duration kRetry = std::chrono::seconds(1);
constexpr int kMaxLinks = 40;  // as the kernel follows

base::Error CannotWatch(const std::filesystem::path& path) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kGateway,
          .public_message = "The gateway cannot watch a configured file for changes. See its log.",
          .detail = "watch " + path.string() + ": " + std::generic_category().message(errno)};
}

}  // namespace

base::Result<std::unique_ptr<FileWatch>> FileWatch::Create(EpollLoop& loop, std::vector<std::filesystem::path> files,
                                                           std::move_only_function<void()> on_change) {
  Descriptor inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return CannotWatch("(inotify)");
  for (auto& file : files) file = std::filesystem::absolute(file).lexically_normal();
  auto watch =
      std::unique_ptr<FileWatch>(new FileWatch(loop, std::move(inotify), std::move(files), std::move(on_change)));
  GH_CHECK_OK(watch->WatchDirectories());
  const auto token =
      loop.Register(watch->inotify_.get(), *watch, EpollLoop::Interest::kRead, EpollLoop::Trigger::kLevel);
  if (!token) return CannotWatch("(epoll)");
  watch->token_ = *token;
  return watch;
}

FileWatch::FileWatch(EpollLoop& loop, Descriptor inotify, std::vector<std::filesystem::path> files,
                     std::move_only_function<void()> on_change)
    : Timer(loop),
      loop_(loop),
      inotify_(std::move(inotify)),
      files_(std::move(files)),
      on_change_(std::move(on_change)) {}

FileWatch::~FileWatch() { loop_.Unregister(token_); }

base::Status FileWatch::WatchDirectories() {
  names_.clear();
  for (const auto& file : files_) GH_CHECK_OK(WatchNamesOf(file));
  return base::Ok();
}

// Walks down the path. At each symbolic link the walk goes on where it leads; the link's own name matters, and so does
// the file's.
base::Status FileWatch::WatchNamesOf(const std::filesystem::path& file) {
  auto at = file.root_path();
  std::vector<std::filesystem::path> rest(file.begin(), file.end());
  std::erase_if(rest, [](const auto& part) { return part.empty() || part == "/"; });
  std::ranges::reverse(rest);  // the next part is the last
  for (int links = 0; !rest.empty();) {
    const auto part = std::move(rest.back());
    rest.pop_back();
    if (part == "..") {
      at = at.parent_path();
      continue;
    }
    std::error_code ignored;
    const auto here = at / part;
    const bool link = std::filesystem::is_symlink(here, ignored) && links < kMaxLinks;
    if (link || rest.empty()) {
      const int watch = inotify_add_watch(inotify_.get(), at.c_str(), kChanges);
      if (watch < 0) return CannotWatch(at);
      names_[watch].insert(part.string());
    }
    at = here;
    if (!link) continue;
    ++links;
    const auto target = std::filesystem::read_symlink(here, ignored);
    at = target.is_absolute() ? target.root_path() : here.parent_path();
    for (auto step = target.end(); step != target.begin();) {
      const auto& name = *--step;
      if (!name.empty() && name != "/" && name != ".") rest.push_back(name);
    }
  }
  return base::Ok();
}

void FileWatch::OnPoll(PollEvents) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool matters = false;
  for (auto bytes = read(inotify_.get(), buffer.data(), buffer.size()); bytes > 0;
       bytes = read(inotify_.get(), buffer.data(), buffer.size())) {
    for (ssize_t offset = 0; offset < bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + offset);
      offset += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const auto names = names_.find(event->wd);
      if ((event->mask & IN_IGNORED) != 0) continue;  // a watch whose directory is gone has ended
      const bool whole_directory = event->len == 0;   // the queue overflowed, or the directory itself went away
      matters |= whole_directory || (names != names_.end() && names->second.contains(event->name));
    }
  }
  if (matters) Arm(loop_.Now() + kSettle);
}

void FileWatch::OnTimer() {
  // The links may lead elsewhere now. While a directory is missing there is nothing to tell.
  if (!WatchDirectories().ok()) return Arm(loop_.Now() + kRetry);
  on_change_();
}

}  // namespace gatehouse::net
