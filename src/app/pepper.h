#pragma once

#include <filesystem>

#include "app/config.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/identity/key_hash.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::app {

// The pepper of the configuration, else that of the file, which is made, for its owner alone, where it is not there.
base::Result<base::Secret> LoadPepper(const TenancyConfig& config, const std::filesystem::path& file);

// Whether the keys in the database were hashed with this pepper; the first one to ask decides. An error says what to
// do: with another pepper every key would be a stranger's.
net::Task<base::Status> CheckPepper(store::Database& database, net::Loop& loop, features::identity::KeyHash hash,
                                    net::Deadline deadline);

}  // namespace gatehouse::app
