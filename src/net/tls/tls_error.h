#pragma once

#include <string>

#include "base/result.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// Empties this thread's queue of OpenSSL errors and tells the first: what went wrong, never key material.
std::string TakeOpenSslError();

// Why a handshake failed: kUnavailable. A certificate that does not verify is told apart in message and detail.
base::Error HandshakeFailed(const SSL& ssl, const std::string& reason);

// A certificate, key or trust file that cannot be used: kInvalidRequest with `what` as the message.
base::Error BadCredentials(std::string what);

}  // namespace gatehouse::net::tls
