#include "net/tls/tls_error.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <utility>

namespace gatehouse::net::tls {

std::string TakeOpenSslError() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "TLS failure without a reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS error " + std::to_string(ERR_GET_REASON(code));
}

base::Error HandshakeFailed(const SSL& ssl, const std::string& reason) {
  base::Error error{.code = base::ErrorCode::kUnavailable,
                    .source = SSL_is_server(&ssl) != 0 ? base::ErrorSource::kClient : base::ErrorSource::kUpstream,
                    .retry = base::Retry::kOtherTarget,
                    .public_message = "No secure connection could be made. Try again later.",
                    .detail = "TLS handshake: " + reason};
  if (const auto verdict = SSL_get_verify_result(&ssl); verdict != X509_V_OK) {
    error.public_message = "The certificate of the other side could not be verified.";
    error.detail += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
  }
  return error;
}

base::Error BadCredentials(std::string what) {
  return {.code = base::ErrorCode::kInvalidRequest,
          .source = base::ErrorSource::kGateway,
          .public_message = std::move(what),
          .detail = TakeOpenSslError()};
}

}  // namespace gatehouse::net::tls
