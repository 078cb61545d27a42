#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "features/identity/mapping.h"

namespace gatehouse::features::identity::ldap {

// How the groups of a person are found.
enum class GroupSearch : std::uint8_t {
  kNone,
  kMemberOf,  // the person's attribute, and upwards from there by search
  kSearch,    // groups whose member the person is, and upwards
  kInChain,   // the directory walks (Active Directory's matching rule 1.2.840.113556.1.4.1941); where it finds nothing,
              // which a directory without the rule says too, as kSearch
};

struct LdapSettings {
  std::vector<std::string> servers;  // "ldaps://host", "ldap://host:389"; the first that answers
  enum class Security : std::uint8_t {
    kVerified,  // ldaps, or StartTLS before anything else; the certificate is for this host, by a trusted authority
    kPlaintextOnLoopback,
  } security = Security::kVerified;
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
  std::string bind_dn;  // who searches; "" = anonymous
  base::Secret bind_password;
  std::string base_dn;
  std::string user_filter = "(&(objectClass=person)(|(uid={user})(sAMAccountName={user})(mail={user})))";
  std::string name_attribute;  // what the principal is called by; "" = the name that was given
  GroupSearch group_search = GroupSearch::kSearch;
  std::string group_base_dn;         // "" = base_dn
  std::string group_name_attribute;  // what groups are called by; "" = their DN
  std::size_t max_group_depth = 10;
  std::size_t max_groups = 5000;
  base::Duration timeout = std::chrono::seconds(5);  // of each exchange with the server, connecting included
  std::size_t threads = 4;
  std::size_t max_waiting = 64;
  Mapping mapping = {.subject = "sub", .groups = "groups"};
};

// A filter with `{user}` replaced, escaped (RFC 4515, 3).
std::string FilterFor(const std::string& pattern, std::string_view user);
// A value in a filter.
std::string EscapeFilterValue(std::string_view value);

}  // namespace gatehouse::features::identity::ldap
