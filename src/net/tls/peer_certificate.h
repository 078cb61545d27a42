#pragma once

#include <string>

#include "net/stream.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// Fills in what the finished handshake says about the peer. The client's names are taken from a certificate that was
// verified, and from nothing else.
void DescribePeer(const SSL& ssl, PeerIdentity& peer);

// RFC 2253 form, "CN=billing,O=Example".
std::string SubjectOf(const X509& certificate);
// The URI among its subject alternative names that is a SPIFFE ID; empty when there is none, or more than one URI (an
// X.509-SVID has exactly one: X509-SVID section 2).
std::string SpiffeIdOf(const X509& certificate);

}  // namespace gatehouse::net::tls
