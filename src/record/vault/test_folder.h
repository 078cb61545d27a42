#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

// For tests of what outlives a process.
namespace gatehouse::record::vault {

// A folder of its own, removed when it is dropped.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-vault-XXXXXX").string();
    GH_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Ends the process when it has been called so many times.
template <class Step>
auto DieAfter(int steps) {
  return [left = steps](Step) mutable {
    if (--left == 0) ::_exit(0);
  };
}

// Runs `work` in a process of its own, which does not return from it unless it ends well; returns its status: 0 for
// what died of DieAfter(), 1 for what went through.
template <class Work>
int InChild(Work work) {
  const pid_t child = ::fork();
  GH_CHECK(child >= 0);
  if (child == 0) {
    work();
    ::_exit(1);
  }
  int status = 0;
  GH_CHECK(::waitpid(child, &status, 0) == child && WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace gatehouse::record::vault
