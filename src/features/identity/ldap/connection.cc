#include "features/identity/ldap/connection.h"

#include <ldap.h>
#include <string.h>  // explicit_bzero
#include <sys/time.h>

#include <utility>

#include "base/ascii.h"
#include "base/check.h"

namespace gatehouse::features::identity::ldap {
namespace {

base::Error Unavailable(std::string what, int code) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kSameTarget,
          .public_message = "The directory cannot be asked at the moment. Try again in a few seconds.",
          .detail = std::move(what) + ": " + ::ldap_err2string(code),
          .retry_after_seconds = 5};
}

timeval TimevalOf(base::Duration duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {.tv_sec = micros / 1'000'000, .tv_usec = micros % 1'000'000};
}

bool IsRefusal(int code) {
  return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_NO_SUCH_OBJECT ||
         code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_INVALID_DN_SYNTAX;
}

struct MessageFree {
  void operator()(LDAPMessage* message) const { ::ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, MessageFree>;

std::vector<std::string> ValuesOf(LDAP* ldap, LDAPMessage* entry, const char* attribute) {
  std::vector<std::string> values;
  berval** const raw = ::ldap_get_values_len(ldap, entry, attribute);
  for (berval** at = raw; at != nullptr && *at != nullptr; ++at) values.emplace_back((*at)->bv_val, (*at)->bv_len);
  ::ldap_value_free_len(raw);
  return values;
}

Entry EntryOf(LDAP* ldap, LDAPMessage* message) {
  Entry entry;
  if (char* const dn = ::ldap_get_dn(ldap, message); dn != nullptr) {
    entry.dn = dn;
    ::ldap_memfree(dn);
  }
  BerElement* position = nullptr;
  for (char* name = ::ldap_first_attribute(ldap, message, &position); name != nullptr;
       name = ::ldap_next_attribute(ldap, message, position)) {
    entry.attributes[base::ToLower(name)] = ValuesOf(ldap, message, name);
    ::ldap_memfree(name);
  }
  if (position != nullptr) ::ber_free(position, 0);
  return entry;
}

// Set on the connection itself, so that neither ldap.conf nor the environment can loosen them.
bool SetTls(LDAP* ldap, const LdapSettings& settings) {
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int as_client = 0;
  return ::ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_SAN, &demand) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, settings.ca_file.c_str()) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &as_client) == LDAP_OPT_SUCCESS;
}

bool SetLimits(LDAP* ldap, const LdapSettings& settings) {
  const int version = LDAP_VERSION3;
  const timeval timeout = TimevalOf(settings.timeout);
  return ::ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_RESTART, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &timeout) == LDAP_OPT_SUCCESS &&
         ::ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &timeout) == LDAP_OPT_SUCCESS;
}

}  // namespace

std::string_view Entry::First(std::string_view attribute) const {
  const auto& values = All(attribute);
  return values.empty() ? std::string_view() : std::string_view(values.front());
}

const std::vector<std::string>& Entry::All(std::string_view attribute) const {
  static const std::vector<std::string> kNothing;
  const auto found = attributes.find(base::ToLower(attribute));
  return found == attributes.end() ? kNothing : found->second;
}

struct Connection::Handle {
  explicit Handle(LDAP* opened) : ldap(opened) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { ::ldap_unbind_ext_s(ldap, nullptr, nullptr); }

  LDAP* const ldap;
};

Connection::Connection(std::unique_ptr<Handle> handle, base::Duration timeout)
    : handle_(std::move(handle)), timeout_(timeout) {}

Connection::~Connection() = default;

base::Result<std::unique_ptr<Connection>> Connection::Open(const LdapSettings& settings) {
  std::string servers;
  for (const std::string& server : settings.servers) servers.append(servers.empty() ? "" : " ").append(server);
  LDAP* opened = nullptr;
  if (const int code = ::ldap_initialize(&opened, servers.c_str()); code != LDAP_SUCCESS) {
    return Unavailable("preparing a connection to " + servers, code);
  }
  auto handle = std::make_unique<Handle>(opened);
  const bool verified = settings.security == LdapSettings::Security::kVerified;
  if (!SetLimits(opened, settings) || (verified && !SetTls(opened, settings))) {
    return Unavailable("preparing TLS with " + settings.ca_file, LDAP_LOCAL_ERROR);
  }
  const bool implicit = settings.servers.front().starts_with("ldaps://");
  if (verified && !implicit) {
    const int code = ::ldap_start_tls_s(opened, nullptr, nullptr);
    if (code != LDAP_SUCCESS) return Unavailable("StartTLS with " + servers, code);
  }
  return std::unique_ptr<Connection>(new Connection(std::move(handle), settings.timeout));
}

base::Result<Connection::BindOutcome> Connection::Bind(const std::string& dn, std::string_view password) {
  GH_CHECK(!password.empty());
  std::string copy(password);  // which the library only reads, but wants to be writable
  berval credentials{.bv_len = copy.size(), .bv_val = copy.data()};
  const int code =
      ::ldap_sasl_bind_s(handle_->ldap, dn.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, nullptr);
  ::explicit_bzero(copy.data(), copy.size());
  if (code == LDAP_SUCCESS) return BindOutcome::kBound;
  if (IsRefusal(code)) return BindOutcome::kRefused;
  return Unavailable("bind", code);
}

base::Status Connection::BindAnonymously() {
  berval nothing{};
  const int code = ::ldap_sasl_bind_s(handle_->ldap, "", LDAP_SASL_SIMPLE, &nothing, nullptr, nullptr, nullptr);
  if (code != LDAP_SUCCESS) return Unavailable("anonymous bind", code);
  return base::Ok();
}

base::Result<Connection::Found> Connection::Search(const Query& query) {
  std::vector<std::string> names = query.attributes;  // which the library only reads, but wants to be writable
  std::vector<char*> attributes;
  attributes.reserve(names.size() + 1);
  for (std::string& name : names) attributes.push_back(name.data());
  attributes.push_back(nullptr);
  timeval timeout = TimevalOf(timeout_);
  LDAPMessage* raw = nullptr;
  const int limit = static_cast<int>(query.max_entries);
  const int code = ::ldap_search_ext_s(handle_->ldap, query.base_dn.c_str(), LDAP_SCOPE_SUBTREE, query.filter.c_str(),
                                       attributes.data(), 0, nullptr, nullptr, &timeout, limit, &raw);
  const Message result(raw);
  if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED && code != LDAP_NO_SUCH_OBJECT) {
    return Unavailable("search below " + query.base_dn, code);
  }
  Found found;
  if (code == LDAP_SIZELIMIT_EXCEEDED) found.rest = Found::Rest::kTooMany;
  for (LDAPMessage* entry = ::ldap_first_entry(handle_->ldap, raw); entry != nullptr && raw != nullptr;
       entry = ::ldap_next_entry(handle_->ldap, entry)) {
    found.entries.push_back(EntryOf(handle_->ldap, entry));
  }
  return found;
}

}  // namespace gatehouse::features::identity::ldap
