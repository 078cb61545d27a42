#pragma once

#include <string>
#include <string_view>

#include "codec/json/writer.h"
#include "features/identity/role_book.h"
#include "features/identity/tenancy_node.h"

// How the admin API shows things. Ids are texts: they have more digits than a double.
namespace gatehouse::admin {

// `secret`: the new one of a key, shown this once; "" for none. Digests are never shown.
void WriteNode(codec::json::Writer& writer, const features::identity::Node& node, std::string_view path,
               std::string_view secret);
void WriteRole(codec::json::Writer& writer, const features::identity::RoleBinding& binding, std::string_view node_path,
               std::string_view user_path);
// RFC 3339, or null for 0.
void WriteTime(codec::json::Writer& writer, std::string_view name, std::int64_t ms);

}  // namespace gatehouse::admin
