#include "record/log/files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

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

base::Status File::Write(std::span<const std::string_view> parts, std::uint64_t offset) {
  GH_CHECK(parts.size() <= kMaxParts);
  std::array<std::string_view, kMaxParts> left;
  std::ranges::copy(parts, left.begin());
  std::span<std::string_view> rest = std::span(left).first(parts.size());
  for (;;) {
    while (!rest.empty() && rest.front().empty()) rest = rest.subspan(1);
    if (rest.empty()) return base::Ok();
    GH_TRY(std::size_t written, WriteSome(rest, offset));
    offset += written;
    for (std::string_view& part : rest) {
      const std::size_t of_part = std::min(written, part.size());
      part.remove_prefix(of_part);
      written -= of_part;
    }
  }
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
