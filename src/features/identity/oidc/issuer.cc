#include "features/identity/oidc/issuer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "features/identity/oidc/fetcher.h"
#include "features/identity/oidc/issuer_agent.h"

namespace gatehouse::features::identity::oidc {
Issuer::Issuer(IssuerSettings settings, net::Loop& home, std::shared_ptr<const KeyState> known)
    : settings_(std::move(settings)),
      home_(home),
      state_(known ? std::move(known) : std::make_shared<const KeyState>()) {}

net::Task<> Issuer::Refresh(net::Loop& own, std::string key_id, net::Deadline deadline) const {
  net::Handoff<base::Unit> answer(own);
  home_.Post([agent = agent_, key = std::move(key_id), sender = answer.sender()]() mutable {
    if (const auto living = agent.lock()) {
      living->Refresh(std::move(key), std::move(sender));
    } else {
      sender.Send({});
    }
  });
  static_cast<void>(co_await answer.Receive(deadline));
}

net::Task<Introspected> Issuer::Introspect(net::Loop& own, std::string token, net::Deadline deadline) const {
  net::Handoff<Introspected> answer(own);
  home_.Post([agent = agent_, text = std::move(token), sender = answer.sender()]() mutable {
    if (const auto living = agent.lock()) {
      living->Introspect(std::move(text), std::move(sender));
    } else {
      sender.Send(CannotAsk("the introspection came to no answer in time"));
    }
  });
  auto received = co_await answer.Receive(deadline);
  co_return received ? *std::move(received) : Introspected(CannotAsk("the introspection came to no answer in time"));
}

const Issuer* IssuerSet::Find(std::string_view name) const {
  const auto found = std::ranges::find(
      issuers_, name, [](const auto& issuer) -> std::string_view { return issuer->settings().issuer; });
  return found == issuers_.end() ? nullptr : found->get();
}

const Issuer* IssuerSet::ForOpaqueTokens() const {
  const auto found =
      std::ranges::find_if(issuers_, [](const auto& issuer) { return issuer->settings().introspection.has_value(); });
  return found == issuers_.end() ? nullptr : found->get();
}

}  // namespace gatehouse::features::identity::oidc
