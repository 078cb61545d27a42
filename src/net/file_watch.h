#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/descriptor.h"
#include "net/epoll_loop.h"

namespace gatehouse::net {

// Tells when one of a few files may have changed: written in place, replaced by a rename, removed and made again, or
// reached through a symbolic link that now leads elsewhere (Kubernetes swaps the link `..data` beside the file).
// Watches the directories that the path leads through, not the file. Belongs to its loop.
class FileWatch final : private Pollable, private Timer {
 public:
  // Changes that come within this time of each other are told once, after the last.
  static constexpr base::Duration kSettle = std::chrono::milliseconds(100);

  // `on_change` may drop the watch, and may be called for a file that has not changed after all: compare contents.
  // kUnavailable (source kGateway) when the system cannot watch; a directory that does not exist is an error at first,
  // and waited for later.
  static base::Result<std::unique_ptr<FileWatch>> Create(EpollLoop& loop, std::vector<std::filesystem::path> files,
                                                         std::move_only_function<void()> on_change);
  ~FileWatch() override;

 private:
  FileWatch(EpollLoop& loop, Descriptor inotify, std::vector<std::filesystem::path> files,
            std::move_only_function<void()> on_change);
  base::Status WatchDirectories();
  base::Status WatchNamesOf(const std::filesystem::path& file);
  void OnPoll(PollEvents events) override;
  void OnTimer() override;

  EpollLoop& loop_;
  Descriptor inotify_;
  std::vector<std::filesystem::path> files_;
  std::move_only_function<void()> on_change_;
  EpollLoop::Token token_;
  std::map<int, std::set<std::string>> names_;  // watch of a directory -> the entries that matter in it
};

}  // namespace gatehouse::net
