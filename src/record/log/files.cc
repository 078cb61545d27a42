#include "record/log/files.h"

#include <utility>

namespace gatehouse::record::log {
namespace {

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

base::Status Fill(Files& files, const std::string& path, std::string_view bytes, Files::Access access,
                  base::Status (*finish)(File&)) {
  GH_TRY(const std::unique_ptr<File> file, files.Create(path, access, 0));
  GH_CHECK_OK(file->Write(bytes, 0));
  return finish(*file);
}

}  // namespace

base::Status File::Write(std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    GH_TRY(const std::size_t written, WriteSome(bytes, offset));
    bytes.remove_prefix(written);
    offset += written;
  }
  return base::Ok();
}

base::Status Files::WriteDurably(const std::string& path, std::string_view bytes, Access access) {
  const std::string unfinished = path + ".new";
  GH_CHECK_OK(Fill(*this, unfinished, bytes, access, [](File& file) { return file.Sync(); }));
  GH_CHECK_OK(Rename(unfinished, path));
  return SyncFolder(FolderOf(path));
}

base::Status Files::WriteWhole(const std::string& path, std::string_view bytes) {
  return Fill(*this, path, bytes, Access::kPublic, [](File&) { return base::Ok(); });
}

}  // namespace gatehouse::record::log
