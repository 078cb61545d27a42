#include "app/pepper.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kPepperBytes = 32;

// What is hashed to know a pepper by.
constexpr std::string_view kProbe = "gatehouse pepper";

base::Error Unusable(const std::filesystem::path& file, std::string_view why) {
  return base::InvalidRequest("The file " + file.string() + " with the pepper of the keys " + std::string(why) +
                              ". Set `identity.pepper`, or make its folder one that can be written.");
}

base::Result<base::Secret> MakePepper(const std::filesystem::path& file) {
  base::Secret pepper(codec::crypto::HexEncode(codec::crypto::RandomBytes(kPepperBytes)));
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return Unusable(file, "cannot be made");
  const std::string_view text = pepper.Reveal();
  const bool written =
      ::write(descriptor, text.data(), text.size()) == static_cast<::ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!written) return Unusable(file, "cannot be written");
  return pepper;
}

}  // namespace

base::Result<base::Secret> LoadPepper(const TenancyConfig& config, const std::filesystem::path& file) {
  if (!config.pepper.empty()) return config.pepper;
  if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) return MakePepper(file);
  auto text = ReadFile(file.string());
  if (!text.ok()) return Unusable(file, "cannot be read");
  if (text.value().size() < kPepperBytes) return Unusable(file, "is too short to be one");
  return base::Secret(std::move(text).value());
}

net::Task<base::Status> CheckPepper(store::Database& database, net::Loop& loop, features::identity::KeyHash hash,
                                    net::Deadline deadline) {
  const std::string mark(codec::crypto::AsText(hash.Of(kProbe)));
  std::vector<store::Statement> unit;
  unit.push_back({.sql = "INSERT INTO gatehouse_setting (name, value) VALUES ('pepper', $1) ON CONFLICT DO NOTHING",
                  .arguments = {store::Blob{mark}}});
  unit.push_back({.sql = "SELECT value FROM gatehouse_setting WHERE name = 'pepper'"});
  auto rows = co_await database.Write(loop, std::move(unit), deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  const store::Rows& kept = rows.value().back();
  if (!kept.empty() && codec::crypto::ConstantTimeEquals(store::BytesOf(kept.at(0).at(0)), mark)) co_return base::Ok();
  co_return base::InvalidRequest(
      "The keys in the database were hashed with another pepper than this one. Restore the one they were made with, as "
      "`identity.pepper` or as the file beside the database.");
}

}  // namespace gatehouse::app
