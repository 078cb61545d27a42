#include "net/tls/fake_authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/check.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

struct FakeAuthority::Keys {
  CertificatePtr certificate;
  PrivateKeyPtr key;
};

namespace {

constexpr std::chrono::seconds kBackdated = std::chrono::hours(24);

PrivateKeyPtr NewKey() {
  PrivateKeyPtr key(EVP_EC_gen("P-256"));
  GH_CHECK(key != nullptr);
  return key;
}

void AddExtension(X509& certificate, int id, const std::string& value) {
  using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str()));
  GH_CHECK(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

CertificatePtr NewCertificate(const std::string& common_name, EVP_PKEY& key, std::chrono::seconds valid_for) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  using SerialPtr = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
  const SerialPtr serial(BN_new());
  GH_CHECK(BN_rand(serial.get(), 64, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get()));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kBackdated.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_for.count());
  auto* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0);
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

std::string TextOf(BIO& bio) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(&bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string ToPem(X509& certificate) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  GH_CHECK(PEM_write_bio_X509(text.get(), &certificate) == 1);
  return TextOf(*text);
}

std::string ToPem(EVP_PKEY& key) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  GH_CHECK(PEM_write_bio_PKCS8PrivateKey(text.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TextOf(*text);
}

}  // namespace

FakeAuthority::FakeAuthority(const std::string& common_name) : keys_(std::make_unique<Keys>()) {
  keys_->key = NewKey();
  keys_->certificate = NewCertificate(common_name, *keys_->key, std::chrono::hours(24));
  auto& certificate = *keys_->certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  GH_CHECK(X509_sign(&certificate, keys_->key.get(), EVP_sha256()) > 0);
  certificate_pem_ = ToPem(certificate);
}

FakeAuthority::~FakeAuthority() = default;

PemIdentity FakeAuthority::Issue(const Request& request) const {
  const auto key = NewKey();
  const auto certificate = NewCertificate(request.common_name, *key, request.valid_for);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(keys_->certificate.get()));
  AddExtension(*certificate, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(*certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  if (!request.alternative_names.empty()) AddExtension(*certificate, NID_subject_alt_name, request.alternative_names);
  GH_CHECK(X509_sign(certificate.get(), keys_->key.get(), EVP_sha256()) > 0);
  return {.certificate = ToPem(*certificate), .private_key = ToPem(*key)};
}

}  // namespace gatehouse::net::tls
