#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "codec/config/node.h"
#include "http/fetcher.h"

// What a configuration says of addresses that the gateway calls on its own behalf. Problems are noted on the tree.
namespace gatehouse::app {

// Never shown again: such an address may end with a password.
base::Secret ReadUrl(const codec::config::Node& node, http::Plaintext plaintext);

// `allow` is the member that says whether there need not be TLS beyond this machine. The file of authorities is added
// to `files`.
http::Trust ReadTrust(const codec::config::Node& node, std::string_view allow, std::vector<std::string>& files);

}  // namespace gatehouse::app
