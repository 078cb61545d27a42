#include "features/identity/oidc/issuer_agent.h"

#include <algorithm>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/json/document.h"
#include "codec/text/percent.h"

namespace gatehouse::features::identity::oidc {
namespace {

using codec::jose::KeySet;

constexpr base::Duration kFirstPause = std::chrono::seconds(1);
constexpr base::Duration kLongestPause = std::chrono::seconds(30);
constexpr base::Duration kMetadataAge = std::chrono::hours(24);
constexpr std::size_t kMaxWaiting = 4096;
constexpr std::size_t kMaxUnknown = 1024;
constexpr std::size_t kMaxAsked = 256;  // tokens at a time
constexpr codec::json::Limits kMetadataLimits = {.depth = 16, .values = 16 * 1024};

std::string WithoutSlash(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

// RFC 8414, 3.1: between host and path.
std::string OauthMetadataUrl(const std::string& issuer) {
  const auto host = issuer.find("://") + 3;
  const auto path = std::min(issuer.find('/', host), issuer.size());
  return issuer.substr(0, path) + "/.well-known/oauth-authorization-server" + WithoutSlash(issuer.substr(path));
}

// RFC 6749, 2.3.1: both parts are encoded as in a form.
std::string BasicAuthorization(const IntrospectionSettings& settings) {
  return "Basic " + codec::crypto::Base64Encode(codec::text::PercentEncode(settings.client_id) + ":" +
                                                codec::text::PercentEncode(settings.client_secret.Reveal()));
}

}  // namespace

IssuerAgent::IssuerAgent(net::Loop& home, const base::Log& log, Fetcher& fetcher, std::shared_ptr<Issuer> issuer)
    : home_(home),
      log_(log),
      fetcher_(fetcher),
      issuer_(std::move(issuer)),
      settings_(issuer_->settings()),
      wanted_(home),
      tasks_(home) {
  metadata_.key_set_url = settings_.key_set_url;
  if (settings_.introspection) metadata_.introspection_url = settings_.introspection->endpoint;
}

void IssuerAgent::Start() {
  if (settings_.HasKeySet()) tasks_.Spawn(KeepFresh());
}

net::Task<> IssuerAgent::KeepFresh() {
  for (;;) {
    fetching_ = true;
    const base::Duration pause = co_await FetchAndPublish();
    fetching_ = false;
    AnswerWaiting();
    static_cast<void>(co_await wanted_.Wait(home_.In(pause)));
  }
}

// Returns how long to wait until the next fetch.
net::Task<base::Duration> IssuerAgent::FetchAndPublish() {
  auto keys = co_await FetchKeys(home_.In(settings_.refresh.timeout));
  co_return keys.ok() ? PublishKeys(std::move(keys).value()) : PublishProblem(keys.error());
}

net::Task<base::Result<IssuerAgent::Keys>> IssuerAgent::FetchKeys(net::Deadline deadline) {
  const bool old = home_.Now() - metadata_.found_at > kMetadataAge;
  if (settings_.key_set_url.empty() && (metadata_.key_set_url.empty() || old || failures_ > 0)) {
    GH_CO_CHECK_OK(co_await Discover(deadline));
  }
  GH_CO_TRY(const Document document, co_await fetcher_.Get(trust(), metadata_.key_set_url, deadline));
  if (document.status != 200) {
    co_return CannotAsk(metadata_.key_set_url + " answers " + std::to_string(document.status));
  }
  auto set = KeySet::Parse(document.body);
  if (!set.ok()) co_return CannotAsk(metadata_.key_set_url + ": " + set.error().public_message);
  if (set.value().size() == 0) co_return CannotAsk(metadata_.key_set_url + ": no key in the set verifies signatures");
  const base::Duration age = document.max_age.value_or(std::chrono::seconds(0));
  co_return Keys{.set = std::make_shared<const KeySet>(std::move(set).value()),
                 .age = std::clamp(age, settings_.refresh.min_age, settings_.refresh.max_age)};
}

net::Task<base::Status> IssuerAgent::Discover(net::Deadline deadline) {
  GH_CO_TRY(const Document document, co_await FetchMetadata(deadline));
  co_return ReadMetadata(document);
}

net::Task<base::Result<Document>> IssuerAgent::FetchMetadata(net::Deadline deadline) {
  const std::string url = WithoutSlash(settings_.issuer) + "/.well-known/openid-configuration";
  GH_CO_TRY(Document document, co_await fetcher_.Get(trust(), url, deadline));
  if (document.status == 404) {
    GH_CO_TRY(document, co_await fetcher_.Get(trust(), OauthMetadataUrl(settings_.issuer), deadline));
  }
  if (document.status != 200) co_return CannotAsk(url + " answers " + std::to_string(document.status));
  co_return document;
}

base::Status IssuerAgent::ReadMetadata(const Document& document) {
  codec::json::Document metadata;
  if (!metadata.Parse(document.body, kMetadataLimits).ok()) return CannotAsk("the metadata are not acceptable JSON");
  const auto [issuer, keys, introspection] =
      metadata.root().Members<3>({"issuer", "jwks_uri", "introspection_endpoint"});
  if (issuer.string() != settings_.issuer) {
    return CannotAsk("the metadata are of the issuer '" + std::string(issuer.string()) + "'");
  }
  GH_TRY(const http::Url home, CheckUrl(settings_.issuer, settings_.plaintext));
  GH_CHECK_OK(CheckLinkedUrl(keys.string(), home, settings_.plaintext));
  metadata_.key_set_url = keys.string();
  metadata_.found_at = home_.Now();
  if (settings_.introspection && settings_.introspection->endpoint.empty()) {
    GH_CHECK_OK(CheckLinkedUrl(introspection.string(), home, settings_.plaintext));
    metadata_.introspection_url = introspection.string();
  }
  return base::Ok();
}

base::Duration IssuerAgent::PublishKeys(Keys keys) {
  const auto before = issuer_->Pin();
  if (before->keys == nullptr || !before->problem.empty()) {
    log_.Info("keys of an identity provider are here",
              {{"issuer", settings_.issuer}, {"keys", keys.set->size()}, {"left_aside", keys.set->left_aside()}});
  }
  failures_ = 0;
  const base::TimePoint now = home_.Now();
  issuer_->Publish({.keys = std::move(keys.set),
                    .attempted_at = now,
                    .unusable_at = now + keys.age + settings_.refresh.stale_for,
                    .problem = {}});
  return keys.age / 5 * 4;
}

// The keys that there are serve on, until they are too old.
base::Duration IssuerAgent::PublishProblem(const base::Error& error) {
  const auto before = issuer_->Pin();
  if (before->problem != error.detail) {
    log_.Warning("keys of an identity provider cannot be fetched",
                 {{"issuer", settings_.issuer},
                  {"detail", error.detail},
                  {"consequence", before->Usable(home_.Now()) ? "its last keys serve on" : "its tokens are refused"}});
  }
  issuer_->Publish(
      {.keys = before->keys, .attempted_at = home_.Now(), .unusable_at = before->unusable_at, .problem = error.detail});
  const base::Duration pause = kFirstPause * (1U << std::min(failures_++, 5U));
  return std::min(pause, kLongestPause);
}

// Whether enough time has passed since the last fetch for another one that callers cause.
bool IssuerAgent::MayFetch() const {
  const auto state = issuer_->Pin();
  const base::Duration interval =
      state->keys ? settings_.refresh.min_interval : std::min(settings_.refresh.min_interval, kFirstPause);
  return state->attempted_at == base::TimePoint() || home_.Now() - state->attempted_at >= interval;
}

void IssuerAgent::Refresh(std::string key_id, net::Handoff<base::Unit>::Sender answer) {
  const auto known = unknown_.find(key_id);
  const bool hopeless = known != unknown_.end() && home_.Now() < known->second;
  if (!settings_.HasKeySet() || hopeless || (!fetching_ && !MayFetch()) || waiting_.size() >= kMaxWaiting) {
    answer.Send({});
    return;
  }
  waiting_.push_back({.key_id = std::move(key_id), .answer = std::move(answer)});
  if (!fetching_) wanted_.Set();
}

void IssuerAgent::AnswerWaiting() {
  const auto state = issuer_->Pin();
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (state->problem.empty() && !state->keys->Has(one.key_id)) RememberUnknown(one.key_id);
    one.answer.Send({});
  }
}

void IssuerAgent::RememberUnknown(const std::string& key_id) {
  if (unknown_.size() >= kMaxUnknown) {
    std::erase_if(unknown_, [now = home_.Now()](const auto& entry) { return entry.second <= now; });
  }
  if (unknown_.size() >= kMaxUnknown) unknown_.clear();
  unknown_.insert_or_assign(key_id, home_.Now() + settings_.refresh.unknown_for);
}

void IssuerAgent::Purge() {
  if (!settings_.HasKeySet()) return;
  log_.Info("keys of an identity provider are forgotten, as asked", {{"issuer", settings_.issuer}});
  issuer_->Publish({.problem = "its keys were purged and have not been fetched again"});
  unknown_.clear();
  wanted_.Set();
}

void IssuerAgent::Introspect(std::string token, net::Handoff<Introspected>::Sender answer) {
  std::string digest(codec::crypto::AsText(codec::crypto::Sha256(token)));
  const auto under_way = asked_.find(digest);
  if (under_way != asked_.end()) {
    if (under_way->second.size() < kMaxWaiting) under_way->second.push_back(std::move(answer));
    return;
  }
  if (!settings_.introspection || asked_.size() >= kMaxAsked) {
    answer.Send(CannotAsk("too many tokens are asked about at a time"));
    return;
  }
  asked_[digest].push_back(std::move(answer));
  tasks_.Spawn(AskAbout(std::move(token), std::move(digest)));
}

net::Task<> IssuerAgent::AskAbout(std::string token, std::string digest) {
  const Introspected answer = co_await FetchIntrospection(std::move(token));
  if (!answer.ok()) {
    log_.Warning("an identity provider did not say what a token is",
                 {{"issuer", settings_.issuer}, {"detail", answer.error().detail}});
  }
  auto node = asked_.extract(digest);
  for (auto& sender : node.mapped()) sender.Send(answer);
}

net::Task<Introspected> IssuerAgent::FetchIntrospection(std::string token) {
  const IntrospectionSettings& settings = *settings_.introspection;
  const net::Deadline deadline = home_.In(settings.timeout);
  if (metadata_.introspection_url.empty()) {
    GH_CO_CHECK_OK(co_await Discover(deadline));
  }
  const std::string url = metadata_.introspection_url;
  std::string form = "token=" + codec::text::PercentEncode(token) + "&token_type_hint=access_token";
  auto document = co_await fetcher_.Post(trust(), url, BasicAuthorization(settings), std::move(form), deadline);
  if (!document.ok()) co_return std::move(document).TakeFailure();
  if (document.value().status != 200) {
    co_return CannotAsk(url + " answers " + std::to_string(document.value().status));
  }
  co_return std::make_shared<const std::string>(std::move(document.value().body));
}

}  // namespace gatehouse::features::identity::oidc
