#include "features/identity/virtual_keys.h"

#include <chrono>
#include <utility>

#include "features/identity/key_text.h"

namespace gatehouse::features::identity {

std::string HintOf(std::string_view secret) {
  constexpr std::size_t kShown = 4;
  return std::string(secret.substr(secret.size() - std::min(kShown, secret.size())));
}

KeySecret VirtualKeys::NewSecret(std::string_view text, std::int64_t now_ms) const {
  return {.digest = std::string(codec::crypto::AsText(hash_.Of(text))), .hint = HintOf(text), .created_ms = now_ms};
}

net::Task<base::Result<IssuedKey>> VirtualKeys::Issue(Call call, KeyRequest request) {
  const auto parent = tenancy_.directory().Find(request.parent);
  const bool admin = request.purpose == KeyRequest::Purpose::kAdmin;
  if (admin && (!parent || parent->kind != NodeKind::kUser)) {
    co_return base::InvalidRequest("A token of the admin API belongs to a user.", "parent");
  }
  const std::string_view scope = admin ? kAdminScope : parent ? WordOf(parent->kind) : "app";
  base::Secret secret(NewKey(scope));
  NewNode node{.parent = request.parent,
               .kind = NodeKind::kKey,
               .name = std::move(request.name),
               .display = std::move(request.display),
               .labels = std::move(request.labels),
               .key = VirtualKey{.scope = std::string(scope),
                                 .secrets = {NewSecret(secret.Reveal(), call.NowMs()), KeySecret{}},
                                 .expires_ms = request.expires_ms,
                                 .models = std::move(request.models),
                                 .surfaces = std::move(request.surfaces),
                                 .networks = std::move(request.networks)}};
  auto made = co_await tenancy_.Create(call, std::move(node));
  if (!made.ok()) co_return std::move(made).TakeError();
  co_return IssuedKey{.node = std::move(made).value(), .secret = std::move(secret)};
}

net::Task<base::Result<IssuedKey>> VirtualKeys::Rotate(Call call, NodeId key, base::Duration overlap) {
  auto before = co_await tenancy_.Show(call, key);
  if (!before.ok()) co_return std::move(before).TakeError();
  if (!before.value().key) co_return NoSuchNode();
  const VirtualKey& old = *before.value().key;
  const std::int64_t now_ms = call.NowMs();
  const std::int64_t overlap_ms = std::chrono::duration_cast<std::chrono::milliseconds>(overlap).count();
  if (overlap_ms > 0 && old.secrets[1].IsLiveAt(now_ms)) {
    co_return base::Error{.code = base::ErrorCode::kConflict,
                          .source = base::ErrorSource::kClient,
                          .public_message = "This key has two live secrets already. Wait until the older one (..." +
                                            old.secrets[1].hint + ") has expired, or end both with an overlap of 0s."};
  }
  base::Secret secret(NewKey(old.scope));
  KeySecret previous = overlap_ms > 0 ? old.secrets[0] : KeySecret{};
  if (overlap_ms > 0) previous.expires_ms = now_ms + overlap_ms;
  NodePatch patch;
  patch.secrets = std::array{NewSecret(secret.Reveal(), now_ms), std::move(previous)};
  // To this version alone: of two who rotate at once, one must know that the secret it was given is not the last.
  Call guarded = call;
  guarded.if_version = before.value().version;
  auto changed = co_await tenancy_.Change(std::move(guarded), key, std::move(patch), "rotate");
  if (!changed.ok()) co_return std::move(changed).TakeError();
  co_return IssuedKey{.node = std::move(changed).value(), .secret = std::move(secret)};
}

}  // namespace gatehouse::features::identity
