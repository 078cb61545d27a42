#include "features/identity/tenancy_node.h"

#include <algorithm>
#include <cstring>

#include "codec/crypto/random.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::features::identity {
namespace {

constexpr std::size_t kMaxName = 63;

struct KindWord {
  NodeKind kind;
  std::string_view word;
  std::string_view with_article;
};
constexpr KindWord kKinds[] = {
    {NodeKind::kOrganization, "org", "an organization"},
    {NodeKind::kTeam, "team", "a team"},
    {NodeKind::kProject, "project", "a project"},
    {NodeKind::kUser, "user", "a user"},
    {NodeKind::kApplication, "app", "an application"},
    {NodeKind::kAgent, "agent", "an agent"},
    {NodeKind::kKey, "key", "a key"},
};

bool IsContainer(NodeKind kind) { return kind <= NodeKind::kProject; }

// A cursor over the columns of a row.
class Columns {
 public:
  explicit Columns(const store::Row& row) : row_(row) {}
  std::int64_t Integer() { return store::IntegerOf(row_.at(next_++)); }
  std::string Text() { return std::string(store::TextOf(row_.at(next_++))); }
  std::string Bytes() { return std::string(store::BytesOf(row_.at(next_++))); }
  bool IsNull() const { return store::IsNull(row_.at(next_)); }

 private:
  const store::Row& row_;
  std::size_t next_ = 0;
};

KeySecret SecretOf(Columns& columns) {
  KeySecret secret;
  secret.digest = columns.Bytes();
  secret.hint = columns.Text();
  secret.created_ms = columns.Integer();
  secret.expires_ms = columns.Integer();
  return secret;
}

VirtualKey KeyOf(Columns& columns) {
  VirtualKey key;
  key.scope = columns.Text();
  for (KeySecret& secret : key.secrets) secret = SecretOf(columns);
  key.expires_ms = columns.Integer();
  key.models = ListOf(columns.Text());
  key.surfaces = ListOf(columns.Text());
  key.networks = ListOf(columns.Text());
  key.last_used_ms = columns.Integer();
  return key;
}

}  // namespace

std::string_view ToString(NodeState state) {
  switch (state) {
    case NodeState::kActive: return "active";
    case NodeState::kSuspended: return "suspended";
    case NodeState::kWithdrawn: return "withdrawn";
    case NodeState::kArchived: return "archived";
  }
  return "unknown";
}

std::string_view ToString(Origin origin) { return origin == Origin::kApi ? "api" : "configuration"; }

Node NodeOf(const store::Row& row) {
  Columns columns(row);
  Node node;
  node.id = {columns.Integer()};
  node.parent = {columns.Integer()};
  node.kind = static_cast<NodeKind>(columns.Integer());
  node.name = columns.Text();
  node.display = columns.Text();
  node.labels = columns.Text();
  node.state = static_cast<NodeState>(columns.Integer());
  node.origin = static_cast<Origin>(columns.Integer());
  node.version = columns.Integer();
  node.created_ms = columns.Integer();
  node.changed_ms = columns.Integer();
  if (!columns.IsNull()) node.key = KeyOf(columns);
  return node;
}

std::string ListText(const std::vector<std::string>& list) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginArray();
  for (const std::string& text : list) writer.String(text);
  writer.EndArray();
  return out;
}

std::vector<std::string> ListOf(std::string_view text) {
  std::vector<std::string> list;
  if (text == "[]") return list;
  codec::json::Document document;
  if (!document.Parse(text).ok()) return list;
  for (const auto element : document.root()) list.emplace_back(element.value.string());
  return list;
}

NodeId NewNodeId() {
  std::uint64_t bits = 0;
  while (bits == 0) {
    const std::string bytes = codec::crypto::RandomBytes(sizeof(bits));
    std::memcpy(&bits, bytes.data(), sizeof(bits));
    bits >>= 1U;
  }
  return {static_cast<std::int64_t>(bits)};
}

bool IsNodeName(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxName && is_plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-'; });
}

base::Status CheckNodeName(std::string_view name) {
  if (IsNodeName(name)) return base::Ok();
  return base::InvalidRequest(
      "A name is 1 to 63 lower-case letters, digits, '.', '_' and '-', and begins with a letter or a digit.", "name");
}

std::string_view WordOf(NodeKind kind) { return kKinds[static_cast<std::size_t>(kind)].word; }

std::optional<NodeKind> KindOfWord(std::string_view word) {
  const auto* const found = std::ranges::find(kKinds, word, &KindWord::word);
  return found == std::end(kKinds) ? std::nullopt : std::optional(found->kind);
}

std::string_view WithArticle(NodeKind kind) { return kKinds[static_cast<std::size_t>(kind)].with_article; }

std::string SegmentOf(NodeKind kind, std::string_view name) {
  std::string segment;
  if (!IsContainer(kind)) segment.append(WordOf(kind)).push_back(':');
  return segment.append(name);
}

base::Result<std::vector<std::string_view>> SegmentsOf(std::string_view path) {
  constexpr std::size_t kDeepest = 5;  // organization, team, project, application, key
  std::vector<std::string_view> segments;
  for (std::string_view rest = path;; rest.remove_prefix(segments.back().size() + 1)) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    const auto colon = segment.find(':');
    const bool leaf = colon != std::string_view::npos;
    const auto kind = leaf ? KindOfWord(segment.substr(0, colon)) : NodeKind::kTeam;
    if (!kind || IsContainer(*kind) == leaf || !IsNodeName(leaf ? segment.substr(colon + 1) : segment) ||
        segments.size() == kDeepest) {
      return base::InvalidRequest(
          "A path is names with '/' between them, from the organization down; users, applications, agents and keys "
          "have their kind before them: acme/search/prod/app:checkout.");
    }
    segments.push_back(segment);
    if (segment.size() == rest.size()) return segments;
  }
}

bool MayBeBelow(NodeKind child, NodeKind parent) {
  switch (child) {
    case NodeKind::kOrganization: return false;
    case NodeKind::kTeam: return parent == NodeKind::kOrganization;
    case NodeKind::kProject: return parent <= NodeKind::kTeam;
    case NodeKind::kUser:
    case NodeKind::kApplication:
    case NodeKind::kAgent: return IsContainer(parent);
    case NodeKind::kKey: return parent != NodeKind::kKey;
  }
  return false;
}

std::string ParentsOf(NodeKind child) {
  std::string parents;
  for (const KindWord& kind : kKinds) {
    if (MayBeBelow(child, kind.kind)) parents.append(parents.empty() ? "" : ", ").append(kind.with_article);
  }
  if (const auto last = parents.rfind(", "); last != std::string::npos) parents.replace(last, 2, " or ");
  return parents;
}

}  // namespace gatehouse::features::identity
