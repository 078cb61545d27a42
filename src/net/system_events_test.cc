// Signals and file changes, from the kernel.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/file_watch.h"
#include "net/signal_source.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(SignalSourceTest, DeliversSignalsOnTheLoopAndGivesTheMaskBack) {
  EpollLoop loop(base::SystemClock());
  std::vector<int> seen;
  {
    SignalSource source(loop, {SIGHUP, SIGUSR1}, [&](int signal) {
      seen.push_back(signal);
      if (seen.size() == 2) loop.Stop();
    });
    raise(SIGUSR1);
    raise(SIGHUP);
    loop.Run();
  }
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGUSR1}));  // the lowest number first
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGHUP), 0);
}

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    std::string name = (fs::temp_directory_path() / "file_watch_test_XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  ~FileWatchTest() override { fs::remove_all(root_); }

  static void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  void Watch(std::vector<fs::path> files) {
    auto watch = FileWatch::Create(loop_, std::move(files), [this] { changed_.Set(); });
    ASSERT_TRUE(watch.ok()) << watch.error().detail;
    watch_ = std::move(watch).value();
  }
  bool ToldWithin(base::Duration limit) {
    const auto outcome = BlockOn(loop_, changed_.Wait(loop_.In(limit)));
    return outcome == Event::Outcome::kSet;
  }

  EpollLoop loop_{base::SystemClock()};
  Event changed_{loop_};
  fs::path root_;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, TellsOfWritingReplacingAndRemovingButNotOfNeighbours) {
  Write(root_ / "tls.crt", "one");
  Watch({root_ / "tls.crt"});
  Write(root_ / "other", "x");
  EXPECT_FALSE(ToldWithin(2 * FileWatch::kSettle));
  Write(root_ / "tls.crt", "two");
  EXPECT_TRUE(ToldWithin(10s));
  Write(root_ / "new", "three");
  fs::rename(root_ / "new", root_ / "tls.crt");
  EXPECT_TRUE(ToldWithin(10s));
  fs::remove(root_ / "tls.crt");
  EXPECT_TRUE(ToldWithin(10s));
  Write(root_ / "tls.crt", "four");
  EXPECT_TRUE(ToldWithin(10s));
  EXPECT_FALSE(ToldWithin(2 * FileWatch::kSettle));
}

TEST_F(FileWatchTest, ABurstIsToldOnce) {
  Write(root_ / "a", "1");
  Write(root_ / "b", "1");
  Watch({root_ / "a", root_ / "b"});
  for (int i = 0; i < 10; ++i) {
    Write(root_ / "a", "2");
    Write(root_ / "b", "2");
  }
  EXPECT_TRUE(ToldWithin(10s));
  EXPECT_FALSE(ToldWithin(2 * FileWatch::kSettle));
}

// A mounted Kubernetes secret: tls.crt -> ..data/tls.crt, ..data -> ..2026_01; an update makes a new directory, swaps
// ..data by a rename and removes the old directory.
TEST_F(FileWatchTest, FollowsTheSwapOfAMountedSecretAgainAndAgain) {
  fs::create_directory(root_ / "..1");
  Write(root_ / "..1" / "tls.crt", "1");
  fs::create_symlink("..1", root_ / "..data");
  fs::create_symlink("..data/tls.crt", root_ / "tls.crt");
  Watch({root_ / "tls.crt"});
  for (int version = 2; version <= 4; ++version) {
    const auto directory = ".." + std::to_string(version);
    fs::create_directory(root_ / directory);
    Write(root_ / directory / "tls.crt", std::to_string(version));
    fs::create_symlink(directory, root_ / "..data_tmp");
    fs::rename(root_ / "..data_tmp", root_ / "..data");
    fs::remove_all(root_ / (".." + std::to_string(version - 1)));
    EXPECT_TRUE(ToldWithin(10s)) << version;
  }
  Write(root_ / "..4" / "tls.crt", "in place, behind both links");
  EXPECT_TRUE(ToldWithin(10s));
}

TEST_F(FileWatchTest, AMissingDirectoryIsAnErrorAndAMissingFileIsNot) {
  Watch({root_ / "later"});
  EXPECT_FALSE(FileWatch::Create(loop_, {root_ / "nowhere" / "file"}, [] {}).ok());
  Write(root_ / "later", "now");
  EXPECT_TRUE(ToldWithin(10s));
}

}  // namespace
}  // namespace gatehouse::net
