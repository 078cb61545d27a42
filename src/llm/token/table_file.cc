#include "llm/token/table_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace gatehouse::llm::token {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} * 1024 * 1024;

base::Error CannotOpen(const std::string& path) {
  return {.code = base::ErrorCode::kNotFound, .detail = "cannot open the token table " + path};
}

class Mapping {
 public:
  Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
  ~Mapping() { ::munmap(at_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

 private:
  void* at_;
  std::size_t size_;
};

base::Result<std::shared_ptr<const Mapping>> Map(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return CannotOpen(path);
  struct stat status = {};
  const bool known = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const at = known && size <= kLargestFile ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
  ::close(file);
  if (at == MAP_FAILED) return CannotOpen(path);
  return std::make_shared<const Mapping>(at, size);
}

}  // namespace

base::Result<std::shared_ptr<const Table>> LoadTable(const std::string& path) {
  struct Loaded {
    std::shared_ptr<const Mapping> mapping;
    Table table;
  };
  GH_TRY(std::shared_ptr<const Mapping> mapping, Map(path));
  GH_TRY(Table table, Table::Open(mapping->bytes()));
  const auto loaded = std::make_shared<const Loaded>(std::move(mapping), std::move(table));
  return std::shared_ptr<const Table>(loaded, &loaded->table);
}

}  // namespace gatehouse::llm::token
