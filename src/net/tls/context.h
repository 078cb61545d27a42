#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/stream.h"
#include "net/tls/openssl_handles.h"
#include "net/tls/tls_stream.h"

namespace gatehouse::net::tls {

enum class Role : std::uint8_t { kServer, kClient };

// A context with the versions, ciphers, groups and modes that both sides use.
SslContextPtr NewContext(Role role);

// Protocol names in the wire form of ALPN (RFC 7301 section 3.1): each preceded by its length.
std::string AlpnWire(const std::vector<std::string>& protocols);

// Puts `ssl` on top of `transport`; `owner` is what the callbacks of its context refer to.
std::unique_ptr<TlsStream> NewStream(Role role, std::unique_ptr<Stream> transport, SslPtr ssl,
                                     std::shared_ptr<const void> owner);

// Runs the stream's handshake; the stream itself comes out of it.
Task<base::Result<std::unique_ptr<Stream>>> FinishHandshake(std::unique_ptr<TlsStream> stream, Deadline deadline);

}  // namespace gatehouse::net::tls
