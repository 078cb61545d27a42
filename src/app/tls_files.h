#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "net/tls/tls_client.h"
#include "net/tls/tls_server.h"
#include "providers/common/blueprint.h"

namespace gatehouse::app {

// What a listener's certificate files hold. kInvalidRequest, with a message for the operator, when one cannot be read.
base::Result<net::tls::ServerOptions> LoadServerTls(const TlsFiles& files);

// The same for an upstream. A file that is named is used or an error: nothing falls back to the system's authorities.
base::Result<net::tls::ClientOptions> LoadUpstreamTls(const providers::common::Upstream& upstream);

// Whether they can be used, before anything depends on it.
base::Status CheckServerTls(const TlsFiles& files);
base::Status CheckUpstreamTls(const providers::common::Upstream& upstream);

// Their names, for who watches them.
std::vector<std::string> NamesOf(const TlsFiles& files);
std::vector<std::string> NamesOf(const providers::common::UpstreamTls& files);

}  // namespace gatehouse::app
