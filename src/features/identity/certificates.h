#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "features/identity/placement.h"
#include "pipeline/authenticator.h"

namespace gatehouse::features::identity {

// Which client certificates are accepted, by the SPIFFE id among their names, and whom they stand for.
struct CertificateRule {
  std::string pattern;  // "spiffe://example.org/ns/*/sa/billing": `*` is one segment, `**` at the end any number
  std::string organization;
  std::string team;
  std::string project;
  std::string name;  // "" = the SPIFFE id without "spiffe://"
  pipeline::NodeKind kind = pipeline::NodeKind::kApplication;
  std::vector<std::string> roles;
  std::vector<std::string> models;

  bool operator==(const CertificateRule&) const = default;
};

// Whether a pattern is one: its trust domain is spelled out, and `*` stands for whole segments only.
bool IsSpiffePattern(std::string_view pattern);
bool MatchesSpiffe(std::string_view pattern, std::string_view id);

// Who a caller with a client certificate is. TLS has verified the certificate before. The first rule that matches
// decides. Belongs to one loop.
class CertificateAuthenticator final : public pipeline::Authenticator {
 public:
  // `placement` outlives it; without one principals have no chain.
  CertificateAuthenticator(std::vector<CertificateRule> rules, const Placement* placement)
      : rules_(std::move(rules)), placement_(placement) {}

  net::Task<base::Result<std::shared_ptr<const pipeline::Principal>>> Authenticate(pipeline::Credential credential,
                                                                                   base::WallTime) override {
    co_return Find(credential.spiffe_id);
  }
  // kUnauthenticated where no rule matches.
  base::Result<std::shared_ptr<const pipeline::Principal>> Find(std::string_view spiffe_id);

 private:
  static constexpr std::size_t kMaxSeen = 1024;

  const std::vector<CertificateRule> rules_;
  const Placement* placement_;
  std::uint64_t places_ = 0;  // the placement's version that seen_ is of
  std::unordered_map<std::string, std::shared_ptr<const pipeline::Principal>> seen_;
};

}  // namespace gatehouse::features::identity
