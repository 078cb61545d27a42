#include "inspect/secret/secret_detector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "inspect/secret/assignment.h"
#include "inspect/secret/kubernetes.h"
#include "inspect/secret/name_index.h"
#include "inspect/secret/named_value.h"
#include "inspect/secret/structure.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr float kByStructure = 0.95F;
constexpr float kByCommandLine = 0.85F;
constexpr float kByUrl = 0.8F;
constexpr float kByManifest = 0.75F;
constexpr std::size_t kTellingPrefix = 4;
constexpr float kByChecksum = 0.99F;
constexpr float kWithoutChecksum = 0.75F;  // of the right shape, and made up or mistyped

// Words that name secrets of any kind.
constexpr auto kNames = std::to_array<std::string_view>(
    {"key", "secret", "token", "password", "passwd", "pwd", "passphrase", "passcode", "credential", "creds", "auth",
     "passwort", "kennwort", "senha", "wachtwoord", "contrasena", "haslo"});
// What a URL with a password opens.
constexpr auto kDatabases = std::to_array<std::string_view>(
    {"postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongodb+srv", "redis", "rediss", "amqp", "amqps",
     "mssql", "sqlserver", "oracle", "clickhouse", "cassandra", "neo4j", "bolt", "snowflake", "cockroachdb"});

// Where a word begins: behind no letter or digit, unless that is of an escape ("\n").
bool IsWordBegin(std::string_view text, std::size_t at) {
  if (at == 0 || !IsWordByte(text[at - 1])) return true;
  return at > 1 && text[at - 2] == '\\' && std::string_view("nrt").find(text[at - 1]) != std::string_view::npos;
}

bool IsNear(std::string_view text, std::size_t begin, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  const std::size_t from = begin - std::min(begin, Detector::kContext);
  const std::string_view before = text.substr(from, begin - from);
  return std::ranges::any_of(words, [&](const std::string& word) { return ContainsFolded(before, word); });
}

bool IsUpper(char byte) { return byte >= 'A' && byte <= 'Z'; }

// Whether a name is a word of its own in what it stands in, and not part of others: "okta" in "oktaKey" and "MY_OKTA",
// not in "rookTable".
bool IsWordOfName(std::string_view text, Span name) {
  const std::string_view word = text.substr(name.begin, name.size());
  const bool is_capitals = !HasLower(word);
  if (name.begin > 0 && IsLetter(text[name.begin - 1])) {
    const bool begins_here = IsUpper(word.front()) && !IsUpper(text[name.begin - 1]);
    if (!begins_here) return false;
  }
  const bool goes_on_small = name.end < text.size() && IsLetter(text[name.end]) && !IsUpper(text[name.end]);
  return is_capitals || !IsUpper(word.back()) || !goes_on_small;
}

void Report(std::vector<Finding>& findings, std::string_view entity, Span span, float confidence) {
  findings.push_back(
      {.category = Category::kSecret, .entity = std::string(entity), .span = span, .confidence = confidence});
}

void LookForUrl(std::string_view text, std::size_t authority, std::vector<Finding>& findings) {
  const auto url = UrlPasswordAt(text, authority);
  if (!url) return;
  const bool is_database =
      std::ranges::any_of(kDatabases, [&](std::string_view name) { return EqualsFolded(name, url->scheme); });
  Report(findings, is_database ? "database-url-password" : "url-password", url->password, kByUrl);
}

void LookForKubernetes(std::string_view text, std::size_t end, std::vector<Finding>& findings) {
  for (const Span& value : KubernetesSecretAt(text, end))
    Report(findings, "kubernetes-secret-yaml", value, kByManifest);
}

void LookForCurlUser(std::string_view text, std::size_t end, std::vector<Finding>& findings) {
  if (!IsCurlCommand(text, end)) return;
  if (const auto span = CurlUserAt(text, end)) Report(findings, "curl-auth-user", *span, kByCommandLine);
}

void ReportIf(std::vector<Finding>& findings, std::string_view entity, std::optional<Span> span) {
  if (span) Report(findings, entity, *span, kByStructure);
}

// A value that only its name tells of has to look like no word and no number.
bool LooksAssigned(std::string_view value) {
  return HasDigit(value) ? (HasLetter(value) || value.size() >= 15)
                         : HasUpper(value) && HasLower(value) && !IsWordy(value);
}

}  // namespace

SecretDetector::SecretDetector(std::vector<Rule> rules) : rules_(std::move(rules)) {
  using Kind = Sign::Kind;
  const auto structure = [this](std::string text, Kind kind, Trigger::Case letters,
                                Trigger::Kind of = Trigger::Kind::kLiteral) {
    Add({.text = std::move(text), .kind = of, .letters = letters}, {.kind = kind});
  };
  structure("eyJ", Kind::kToken, Trigger::Case::kSensitive);
  structure("ZXlK", Kind::kEncodedToken, Trigger::Case::kSensitive);
  structure("-----BEGIN", Kind::kKeyBlock, Trigger::Case::kSensitive);
  structure("://", Kind::kUrl, Trigger::Case::kSensitive);
  structure("kind:", Kind::kKubernetes, Trigger::Case::kSensitive);
  structure(R"([\s](?:-u|--user)[ \t=]{1,4}\S)", Kind::kCurlUser, Trigger::Case::kSensitive, Trigger::Kind::kPattern);
  for (const std::string_view name : kNames) {
    structure(std::string(name), Kind::kAnyName, Trigger::Case::kFolded);
    names_.Add(name, NameIndex::Form::kStrict);
  }
  for (std::uint32_t number = 0; number < rules_.size(); ++number) {
    AddRule(number);
    const bool is_loose = rules_[number].assigned_by == Rule::Operator::kOptional;
    for (const std::string& name : rules_[number].names) {
      names_.Add(name, is_loose ? NameIndex::Form::kLoose : NameIndex::Form::kStrict);
    }
  }
}

void SecretDetector::AddRule(std::uint32_t number) {
  const Rule& rule = rules_[number];
  for (const std::string& name : rule.names) {
    Add({.text = name, .letters = Trigger::Case::kFolded}, {.kind = Sign::Kind::kName, .rule = number});
  }
  if (!rule.names.empty()) return;
  for (std::uint32_t shape = 0; shape < rule.shapes.size(); ++shape) {
    const Shape::Sought sought = rule.shapes[shape].sought();
    for (const std::string& text : sought.texts) {
      Add({.text = text, .letters = rule.shapes[shape].letters()},
          {.kind = Sign::Kind::kShape, .rule = number, .shape = shape, .offset = sought.offset});
    }
  }
}

void SecretDetector::Add(Trigger trigger, Sign sign) {
  const auto same = std::ranges::find_if(watches_, [&](const Watch& watch) {
    return watch.trigger.text == trigger.text && watch.trigger.letters == trigger.letters &&
           watch.trigger.kind == trigger.kind;
  });
  if (same != watches_.end()) {
    same->signs.push_back(sign);
  } else {
    watches_.push_back({.trigger = std::move(trigger), .signs = {sign}});
  }
}

std::vector<Trigger> SecretDetector::Triggers() const {
  std::vector<Trigger> triggers;
  triggers.reserve(watches_.size());
  for (const Watch& watch : watches_) triggers.push_back(watch.trigger);
  return triggers;
}

void SecretDetector::Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const {
  for (const Hit& hit : hits) {
    const Watch& watch = watches_[hit.trigger];
    for (const Sign& sign : watch.signs) Look(subject.text, hit.end, watch, sign, findings);
  }
}

void SecretDetector::Look(std::string_view text, std::size_t end, const Watch& watch, const Sign& sign,
                          std::vector<Finding>& findings) const {
  const std::size_t begin = end - std::min(end, watch.trigger.text.size());  // of a literal
  switch (sign.kind) {
    case Sign::Kind::kShape: return LookForShape(text, begin, sign, findings);
    case Sign::Kind::kName:
      if (IsWordOfName(text, {.begin = begin, .end = end})) LookForNamed(text, end, rules_[sign.rule], findings);
      return;
    case Sign::Kind::kAnyName: return LookForAnyName(text, end, findings);
    case Sign::Kind::kToken:
      if (IsWordBegin(text, begin)) ReportIf(findings, "jwt", TokenAt(text, begin));
      return;
    case Sign::Kind::kEncodedToken:
      if (IsWordBegin(text, begin)) ReportIf(findings, "jwt-base64", EncodedTokenAt(text, begin));
      return;
    case Sign::Kind::kKeyBlock: return ReportIf(findings, "private-key", PrivateKeyAt(text, begin));
    case Sign::Kind::kUrl: return LookForUrl(text, end, findings);
    case Sign::Kind::kCurlUser: return LookForCurlUser(text, end, findings);
    case Sign::Kind::kKubernetes: return LookForKubernetes(text, end, findings);
  }
}

void SecretDetector::LookForShape(std::string_view text, std::size_t anchor, const Sign& sign,
                                  std::vector<Finding>& findings) const {
  const Rule& rule = rules_[sign.rule];
  const Shape& shape = rule.shapes[sign.shape];
  if (anchor < sign.offset) return;
  const std::size_t begin = anchor - sign.offset;
  if (rule.left == Rule::Left::kWord && IsWordByte(text[begin]) && !IsWordBegin(text, begin)) return;
  const auto end = shape.MatchAt(text, begin);
  if (end) Confirm(rule, text, {.begin = begin, .end = *end}, findings);
}

// The value that is assigned to a name of the rule, which ends at `end`.
void SecretDetector::LookForNamed(std::string_view text, std::size_t end, const Rule& rule,
                                  std::vector<Finding>& findings) const {
  const Assignment assignment = ReadAssignment(text, end);
  std::size_t begin = assignment.value;
  if (assignment.state != Assignment::State::kValue) {
    if (rule.assigned_by == Rule::Operator::kRequired) return;
    begin = std::min(text.find_first_of(" \t\n", end), text.size());
    begin = std::min(text.find_first_not_of(" \t\n", begin), text.size());
    if (begin - end > kLongestAssignment) return;
  }
  for (const Shape& shape : rule.shapes) {
    const auto value = shape.MatchAt(text, begin);
    if (!value || !LooksAssigned(text.substr(begin, *value - begin))) continue;
    Confirm(rule, text, {.begin = begin, .end = *value}, findings);
    return;
  }
}

// Whether a value begins as a credential of a known shape does: that shape decides.
bool SecretDetector::HasKnownPrefix(std::string_view value) const {
  return std::ranges::any_of(watches_, [&](const Watch& watch) {
    return watch.signs.front().kind == Sign::Kind::kShape && watch.trigger.text.size() >= kTellingPrefix &&
           value.starts_with(watch.trigger.text);
  });
}

void SecretDetector::LookForAnyName(std::string_view text, std::size_t end, std::vector<Finding>& findings) const {
  const Assignment assignment = ReadAssignment(text, end);
  const auto value = NamedValueAt(text, end, assignment);
  if (!value) return;
  // A header of HTTP has nothing but a credential in it, whatever its shape.
  const std::size_t name = NameBegin(text, end);
  const bool is_header = EqualsFolded(text.substr(name, assignment.name_end - name), "authorization");
  if (!is_header && HasKnownPrefix(text.substr(value->span.begin, value->span.size()))) return;
  Report(findings, value->entity, value->span, value->confidence);
}

void SecretDetector::Confirm(const Rule& rule, std::string_view text, Span span, std::vector<Finding>& findings) {
  const std::string_view token = text.substr(span.begin, span.size());
  if (Entropy(token) < rule.entropy || !IsNear(text, span.begin, rule.near)) return;
  if (HasChecksum(token, rule.checksum)) return Report(findings, rule.id, span, kByChecksum);
  if (IsPlaceholder(token) || (!HasDigit(token) && IsWordy(token))) return;
  const bool lacks_checksum = rule.checksum != Checksum::kNone;
  Report(findings, rule.id, span, lacks_checksum ? std::min(rule.confidence, kWithoutChecksum) : rule.confidence);
}

std::size_t SecretDetector::OpenFrom(std::string_view text, std::size_t seam) const {
  return std::min({names_.OpenFrom(text, seam), OpenKeyBlock(text, seam), OpenKubernetesSecret(text, seam)});
}

base::Result<std::unique_ptr<SecretDetector>> MakeSecretDetector(std::string_view more) {
  GH_TRY(std::vector<Rule> rules, ParseRules(DefaultRulesText()));
  GH_TRY(std::vector<Rule> own, ParseRules(more));
  std::ranges::move(own, std::back_inserter(rules));
  return std::make_unique<SecretDetector>(std::move(rules));
}

}  // namespace gatehouse::inspect::secret
