#include "features/identity/ldap/person_directory.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "features/identity/ldap/account.h"
#include "features/identity/refusal.h"

namespace gatehouse::features::identity::ldap {
namespace {

using Outcome = Connection::BindOutcome;
using Strings = std::vector<std::string>;

constexpr std::size_t kMembersPerSearch = 50;
constexpr std::size_t kMaxUserBytes = 256;
constexpr std::size_t kMaxPasswordBytes = 1024;

base::Error Wrong(std::string detail) { return Refusal("The user name or the password is wrong.", std::move(detail)); }

bool IsAcceptable(const std::string& user, const base::Secret& password) {
  const bool plain =
      std::ranges::none_of(user, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return plain && !user.empty() && user.size() <= kMaxUserBytes && !password.empty() &&
         password.Reveal().size() <= kMaxPasswordBytes;
}

// A name that nobody has: to try a password on whom the directory does not know takes as long as on somebody.
std::string NobodyBelow(const std::string& base_dn) {
  return "cn=" + codec::crypto::HexEncode(codec::crypto::RandomBytes(16)) + "," + base_dn;
}

std::string MemberFilter(const Strings& dns) {
  std::string filter = "(|";
  for (const std::string& dn : dns) {
    const std::string value = EscapeFilterValue(dn);
    filter.append("(member=").append(value).append(")(uniqueMember=").append(value).append(")");
  }
  return filter + ")";
}

}  // namespace

base::Result<std::unique_ptr<Connection>> PersonDirectory::OpenOwn() const {
  GH_TRY(auto connection, Connection::Open(settings_));
  if (settings_.bind_dn.empty()) {
    GH_CHECK_OK(connection->BindAnonymously());
    return connection;
  }
  GH_TRY(const Outcome bound, connection->Bind(settings_.bind_dn, settings_.bind_password.Reveal()));
  if (bound == Outcome::kBound) return connection;
  return base::Error{.code = base::ErrorCode::kUnavailable,
                     .source = base::ErrorSource::kGateway,
                     .public_message = "The directory cannot be asked at the moment. Tell the operator.",
                     .detail = "the directory refuses the name or password of bind_dn"};
}

// A connection that was kept may have been closed at the other end: what fails on it is tried on a new one.
base::Result<Connection::Found> PersonDirectory::Search(const Connection::Query& query) {
  if (own_) {
    auto found = own_->Search(query);
    if (found.ok()) return found;
    own_.reset();
  }
  GH_TRY(auto fresh, OpenOwn());
  GH_TRY(Connection::Found found, fresh->Search(query));
  own_ = std::move(fresh);
  return found;
}

base::Result<pipeline::Principal> PersonDirectory::Verify(const std::string& user, const base::Secret& password) {
  if (!IsAcceptable(user, password)) return Wrong("not a name and a password");
  GH_TRY(const auto person, Find(user));
  GH_TRY(const auto theirs, Connection::Open(settings_));
  GH_TRY(const Outcome bound, theirs->Bind(person ? person->dn : NobodyBelow(settings_.base_dn), password.Reveal()));
  if (!person) return Wrong("not exactly one entry");
  if (bound == Outcome::kRefused) return Wrong("the directory refuses the password of " + person->dn);
  if (const auto closed = WhyClosed(*person, clock_.Wall())) return Denial(std::string(*closed), person->dn);
  GH_TRY(const Strings groups, GroupsOf(*person));
  return Describe(*person, user, groups);
}

// nullopt unless there is exactly one.
base::Result<std::optional<Entry>> PersonDirectory::Find(const std::string& user) {
  Connection::Query query{.base_dn = settings_.base_dn,
                          .filter = FilterFor(settings_.user_filter, user),
                          .attributes = {"memberOf"},
                          .max_entries = 2};
  query.attributes.insert(query.attributes.end(), kAccountAttributes.begin(), kAccountAttributes.end());
  if (!settings_.name_attribute.empty()) query.attributes.push_back(settings_.name_attribute);
  GH_TRY(Connection::Found found, Search(query));
  if (found.entries.size() != 1 || found.rest != Connection::Found::Rest::kNone) return std::optional<Entry>();
  return std::optional(std::move(found.entries.front()));
}

base::Result<Strings> PersonDirectory::GroupsOf(const Entry& person) {
  switch (settings_.group_search) {
    case GroupSearch::kNone: return Strings();
    case GroupSearch::kMemberOf: return FromMemberOf(person);
    case GroupSearch::kSearch: return WalkUp({person.dn}, {});
    case GroupSearch::kInChain: break;
  }
  GH_TRY(auto groups, GroupsWith("(member:1.2.840.113556.1.4.1941:=" + EscapeFilterValue(person.dn) + ")"));
  if (groups.empty()) return WalkUp({person.dn}, {});
  Strings names;
  for (const Entry& group : groups) names.push_back(NameOf(group));
  return names;
}

// The attribute names the direct groups by their DN; what they are called is known once they are read.
base::Result<Strings> PersonDirectory::FromMemberOf(const Entry& person) {
  const Strings& direct = person.All("memberOf");
  if (settings_.group_name_attribute.empty()) return WalkUp(direct, direct);
  GH_TRY(Strings all, WalkUp({person.dn}, {}));
  return all;
}

// Breadth first, from members to the groups that have them, each group once however the groups contain one another.
base::Result<Strings> PersonDirectory::WalkUp(Strings level, Strings names) {
  std::set<std::string> seen;
  for (const std::string& dn : level) seen.insert(base::ToLower(dn));
  for (std::size_t depth = 0; depth < settings_.max_group_depth && !level.empty(); ++depth) {
    Strings next;
    for (std::size_t from = 0; from < level.size(); from += kMembersPerSearch) {
      const auto to = std::min(level.size(), from + kMembersPerSearch);
      GH_TRY(const auto groups, GroupsWith(MemberFilter({level.begin() + static_cast<std::ptrdiff_t>(from),
                                                         level.begin() + static_cast<std::ptrdiff_t>(to)})));
      for (const Entry& group : groups) {
        if (names.size() >= settings_.max_groups || !seen.insert(base::ToLower(group.dn)).second) continue;
        names.push_back(NameOf(group));
        next.push_back(group.dn);
      }
    }
    level = std::move(next);
  }
  return names;
}

base::Result<std::vector<Entry>> PersonDirectory::GroupsWith(const std::string& filter) {
  Connection::Query query{
      .base_dn = settings_.group_base_dn.empty() ? settings_.base_dn : settings_.group_base_dn,
      .filter = filter,
      .attributes = {settings_.group_name_attribute.empty() ? "1.1" : settings_.group_name_attribute},
      .max_entries = settings_.max_groups};
  GH_TRY(Connection::Found found, Search(query));
  return std::move(found.entries);
}

std::string PersonDirectory::NameOf(const Entry& group) const {
  const std::string_view name =
      settings_.group_name_attribute.empty() ? std::string_view() : group.First(settings_.group_name_attribute);
  return name.empty() ? group.dn : std::string(name);
}

base::Result<pipeline::Principal> PersonDirectory::Describe(const Entry& person, const std::string& user,
                                                            const Strings& groups) const {
  const std::string_view named =
      settings_.name_attribute.empty() ? std::string_view(user) : person.First(settings_.name_attribute);
  std::string claims;
  codec::json::Writer writer(claims);
  writer.BeginObject().Field("sub", named).Field("dn", person.dn).Key("groups").BeginArray();
  for (const std::string& group : groups) writer.String(group);
  writer.EndArray().EndObject();
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(claims));
  GH_TRY(pipeline::Principal principal,
         MapClaims(document.root(), settings_.mapping, pipeline::Authentication::kPassword));
  principal.kind = pipeline::NodeKind::kUser;
  principal.key_id = "password:" + principal.name;
  principal.claims = claims;
  return principal;
}

}  // namespace gatehouse::features::identity::ldap
