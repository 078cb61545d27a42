#include "net/tls/peer_certificate.h"

#include <openssl/x509v3.h>

#include <string_view>

namespace gatehouse::net::tls {

namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;

std::string_view TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string AlpnOf(const SSL& ssl) {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(&ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace

std::string SubjectOf(const X509& certificate) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string SpiffeIdOf(const X509& certificate) {
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string_view uri;
  int uris = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    uri = TextOf(name->d.uniformResourceIdentifier);
    ++uris;
  }
  // An embedded NUL would end the name early for whoever reads it as a C string.
  if (uris != 1 || !uri.starts_with("spiffe://") || uri.find('\0') != std::string_view::npos) return {};
  return std::string(uri);
}

void DescribePeer(const SSL& ssl, PeerIdentity& peer) {
  peer.tls_version = SSL_get_version(&ssl);
  peer.alpn = AlpnOf(ssl);
  if (const char* sni = SSL_get_servername(&ssl, TLSEXT_NAMETYPE_host_name)) peer.sni = sni;
  const auto* certificate = SSL_get0_peer_certificate(&ssl);
  if (SSL_is_server(&ssl) == 0 || certificate == nullptr || SSL_get_verify_result(&ssl) != X509_V_OK) return;
  peer.client_subject = SubjectOf(*certificate);
  peer.client_spiffe_id = SpiffeIdOf(*certificate);
}

}  // namespace gatehouse::net::tls
