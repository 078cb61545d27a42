#pragma once

// For tests; never included by product code.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace gatehouse::store::sqlite {

// A folder of its own, gone with the object.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-store-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }

  std::string file() const { return (path_ / "gatehouse.db").string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace gatehouse::store::sqlite
