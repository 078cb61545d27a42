#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/identity/ldap/connection.h"
#include "features/identity/ldap/ldap_settings.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity::ldap {

// One thread's line to a directory of people: searches under its own name on a connection that it keeps, and tries
// passwords on connections of their own. Blocks.
class PersonDirectory {
 public:
  // Both outlive it.
  PersonDirectory(const LdapSettings& settings, const base::Clock& clock) : settings_(settings), clock_(clock) {}

  // As PasswordVerifier::Verify.
  base::Result<pipeline::Principal> Verify(const std::string& user, const base::Secret& password);

 private:
  base::Result<Connection::Found> Search(const Connection::Query& query);
  base::Result<std::unique_ptr<Connection>> OpenOwn() const;
  base::Result<std::optional<Entry>> Find(const std::string& user);
  base::Result<std::vector<std::string>> GroupsOf(const Entry& person);
  base::Result<std::vector<std::string>> FromMemberOf(const Entry& person);
  // Adds to `names` all groups above those in `level`.
  base::Result<std::vector<std::string>> WalkUp(std::vector<std::string> level, std::vector<std::string> names);
  base::Result<std::vector<Entry>> GroupsWith(const std::string& filter);
  std::string NameOf(const Entry& group) const;
  base::Result<pipeline::Principal> Describe(const Entry& person, const std::string& user,
                                             const std::vector<std::string>& groups) const;

  const LdapSettings& settings_;
  const base::Clock& clock_;
  std::unique_ptr<Connection> own_;  // null until it is needed, and after it broke
};

}  // namespace gatehouse::features::identity::ldap
