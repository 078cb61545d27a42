#include "app/tls_files.h"

#include <initializer_list>
#include <utility>

namespace gatehouse::app {
namespace {

base::Result<std::string> ReadPem(const std::string& path) {
  GH_TRY(std::string text, ReadFile(path));
  if (text.empty()) return base::InvalidRequest(path + " is empty");
  return text;
}

base::Result<net::tls::PemIdentity> ReadIdentity(const std::string& certificate_file, const std::string& key_file) {
  net::tls::PemIdentity identity;
  GH_TRY(identity.certificate, ReadPem(certificate_file));
  GH_TRY(identity.private_key, ReadPem(key_file));
  return identity;
}

std::vector<std::string> Named(std::initializer_list<std::string> names) {
  std::vector<std::string> named(names);
  std::erase(named, std::string());
  return named;
}

}  // namespace

base::Result<net::tls::ServerOptions> LoadServerTls(const TlsFiles& files) {
  net::tls::ServerOptions options;
  GH_TRY(net::tls::PemIdentity identity, ReadIdentity(files.certificate_file, files.key_file));
  options.identities.push_back(std::move(identity));
  if (files.clients != TlsFiles::Clients::kIgnored) {
    options.client_certificates = files.clients == TlsFiles::Clients::kRequired
                                      ? net::tls::ClientCertificates::kRequired
                                      : net::tls::ClientCertificates::kOptional;
    GH_TRY(options.client_authorities_pem, ReadPem(files.client_ca_file));
  }
  return options;
}

base::Result<net::tls::ClientOptions> LoadUpstreamTls(const providers::common::Upstream& upstream) {
  using Protocol = http::Origin::Protocol;
  net::tls::ClientOptions options;
  if (upstream.origin.protocol == Protocol::kAuto) options.alpn = {"h2", "http/1.1"};
  if (upstream.origin.protocol == Protocol::kHttp2) options.alpn = {"h2"};
  if (!upstream.tls.ca_file.empty()) {
    GH_TRY(options.authorities_pem, ReadPem(upstream.tls.ca_file));
  }
  if (!upstream.tls.certificate_file.empty()) {
    GH_TRY(options.identity, ReadIdentity(upstream.tls.certificate_file, upstream.tls.key_file));
  }
  return options;
}

base::Status CheckServerTls(const TlsFiles& files) {
  GH_TRY(const net::tls::ServerOptions options, LoadServerTls(files));
  const auto server = net::tls::TlsServer::Create(options);
  if (!server.ok()) return base::InvalidRequest(files.certificate_file + ": " + server.error().public_message);
  return base::Ok();
}

base::Status CheckUpstreamTls(const providers::common::Upstream& upstream) {
  GH_TRY(const net::tls::ClientOptions options, LoadUpstreamTls(upstream));
  const auto client = net::tls::TlsClient::Create(options);
  if (!client.ok()) return base::InvalidRequest(client.error().public_message);
  return base::Ok();
}

std::vector<std::string> NamesOf(const TlsFiles& files) {
  return Named({files.certificate_file, files.key_file, files.client_ca_file});
}

std::vector<std::string> NamesOf(const providers::common::UpstreamTls& files) {
  return Named({files.ca_file, files.certificate_file, files.key_file});
}

}  // namespace gatehouse::app
