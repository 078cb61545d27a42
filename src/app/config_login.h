#pragma once

#include <optional>
#include <string>

#include "admin/directory_login.h"
#include "codec/config/node.h"

namespace gatehouse::app {

// `admin.login`, of a listener at that address; nullopt where people of a directory are not let in.
std::optional<admin::DirectoryLoginSettings> ReadLogin(const codec::config::Node& node, const std::string& address);

}  // namespace gatehouse::app
