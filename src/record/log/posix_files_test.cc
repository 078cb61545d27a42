#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>

#include "record/log/files.h"

namespace gatehouse::record::log {
namespace {

// Of one test, gone with it.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  const std::string path_ = ::testing::TempDir() + "posix_files_test." + std::to_string(::getpid());
};

std::string RandomBytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Sizes below, at and above a block of the disk, so that writes begin and end anywhere within one.
TEST(PosixFiles, AFileWithRoomHasWhatWasWrittenInPieces) {
  const Folder folder;
  PosixFiles files;
  std::mt19937 random(1);
  for (const std::uint64_t room : {std::uint64_t{1} << 20U, std::uint64_t{200'000}}) {
    const std::string path = folder / std::to_string(room);
    auto file = files.Create(path, Files::Access::kOwnerOnly, room);
    ASSERT_TRUE(file.ok()) << file.error().detail;
    std::string expected;
    for (int i = 0; i < 60; ++i) {
      const std::string first = RandomBytes(random, random() % 60);
      const std::string second = RandomBytes(random, i % 7 == 0 ? 4096 : random() % 3000);
      const std::string third = RandomBytes(random, 8 - (first.size() + second.size()) % 8);
      ASSERT_TRUE(file.value()->Write(std::array<std::string_view, 3>{first, second, third}, expected.size()).ok());
      ASSERT_TRUE(file.value()->Sync().ok());
      expected.append(first).append(second).append(third);
      const auto read = files.Read(path);
      ASSERT_TRUE(read.ok());
      ASSERT_EQ(read.value().substr(0, expected.size()), expected) << i;
      ASSERT_EQ(read.value().find_first_not_of('\0', expected.size()), std::string::npos) << i;
      ASSERT_EQ(read.value().size(), room) << i;
    }
  }
}

TEST(PosixFiles, PartsAreWrittenOneBehindTheOtherWhereverTheyGo) {
  const Folder folder;
  PosixFiles files;
  auto file = files.Create(folder / "any", Files::Access::kPublic, 0);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file.value()->Write(std::array<std::string_view, 4>{"", "cd", "", "ef"}, 2).ok());
  ASSERT_TRUE(file.value()->Write("ab", 0).ok());
  ASSERT_TRUE(file.value()->Write("", 0).ok());
  EXPECT_EQ(files.Read(folder / "any").value(), "abcdef");
}

TEST(PosixFiles, AFileThatIsMadeAgainIsEmpty) {
  const Folder folder;
  PosixFiles files;
  ASSERT_TRUE(files.WriteWhole(folder / "twice", "a longer text").ok());
  ASSERT_TRUE(files.WriteWhole(folder / "twice", "short").ok());
  EXPECT_EQ(files.Read(folder / "twice").value(), "short");
}

}  // namespace
}  // namespace gatehouse::record::log
