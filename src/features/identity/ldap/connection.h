#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/identity/ldap/ldap_settings.h"

namespace gatehouse::features::identity::ldap {

// What was found: a name and its attributes, those in lower case.
struct Entry {
  std::string dn;
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;

  // The first value; "" for none.
  std::string_view First(std::string_view attribute) const;
  const std::vector<std::string>& All(std::string_view attribute) const;
};

// A connection to a directory (RFC 4511), the only home of libldap. Verified TLS comes before everything else; no
// referral is followed. Every call blocks for the configured time at most. One thread; dropping it closes it. All
// errors are kUnavailable, with what happened in `detail`.
class Connection {
 public:
  static base::Result<std::unique_ptr<Connection>> Open(const LdapSettings& settings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  enum class BindOutcome : std::uint8_t { kBound, kRefused };
  // Simple bind (RFC 4513, 5.1.3). REQUIRES: no empty password with a name: servers take that for anonymous and
  // succeed.
  base::Result<BindOutcome> Bind(const std::string& dn, std::string_view password);
  base::Status BindAnonymously();

  // All entries below `base_dn` that match, `max_entries` at most: beyond it the error says so.
  struct Query {
    std::string base_dn;
    std::string filter;
    std::vector<std::string> attributes;
    std::size_t max_entries = 1;
  };
  struct Found {
    std::vector<Entry> entries;
    enum class Rest : std::uint8_t { kNone, kTooMany } rest = Rest::kNone;
  };
  base::Result<Found> Search(const Query& query);

 private:
  struct Handle;
  Connection(std::unique_ptr<Handle> handle, base::Duration timeout);

  std::unique_ptr<Handle> handle_;
  base::Duration timeout_;
};

}  // namespace gatehouse::features::identity::ldap
