#pragma once

#include "net/stream.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// What OpenSSL reads records from and writes them to: tries on the transport, without a buffer in between, so that TLS
// costs no copy and no system call more than the transport does, and runs over any Stream. `transport` outlives it.
BioPtr MakeStreamBio(Stream& transport);

}  // namespace gatehouse::net::tls
