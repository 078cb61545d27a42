#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/identity/certificates.h"
#include "features/identity/ldap/ldap_settings.h"
#include "features/identity/oidc/issuer_settings.h"

namespace gatehouse::app {

// Who may call besides the holders of keys.
struct IdentityConfig {
  std::vector<features::identity::oidc::IssuerSettings> issuers;
  std::vector<features::identity::CertificateRule> certificates;
  std::optional<features::identity::ldap::LdapSettings> ldap;
};

// Reads the section `identity`; files that it names are added to `files`.
IdentityConfig ReadIdentity(const codec::config::Node& node, std::vector<std::string>& files);

}  // namespace gatehouse::app
