#include "features/accounting/treasury.h"

#include <utility>

#include "features/accounting/organization.h"

namespace gatehouse::features::accounting {

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  Release();
  organization_ = std::move(other.organization_);
  holds_ = std::exchange(other.holds_, {});
  held_ = std::exchange(other.held_, {});
  output_tokens_ = std::exchange(other.output_tokens_, 0);
  return *this;
}

std::optional<Refusal> Reservation::Extend(const Amounts& more, std::int64_t now) {
  return organization_ == nullptr ? std::nullopt : organization_->Extend(*this, more, now);
}

std::optional<Refusal> Reservation::Include(std::span<const pipeline::Link> chain, std::string_view model,
                                            std::string_view provider, std::int64_t now) {
  return organization_ == nullptr ? std::nullopt : organization_->Include(*this, chain, model, provider, now);
}

void Reservation::Settle(const Amounts& used, std::string_view provider) {
  if (organization_ == nullptr) return;
  const auto organization = std::exchange(organization_, nullptr);
  const auto holds = std::exchange(holds_, {});
  if (!holds.empty()) organization->Settle(holds, used, provider);
}

Treasury::Treasury(Tenure tenure) : tenure_(tenure), notices_(std::make_shared<Notices>()) {}
Treasury::~Treasury() = default;

void Treasury::Apply(const Limits& limits, std::span<const Spent> spent, std::int64_t now) {
  std::unordered_map<pipeline::NodeId, Limits> wanted;
  for (const auto& limit : limits) wanted[limit->organization].push_back(limit);
  {
    const std::unique_lock lock(mutex_);
    for (const auto& [id, organization] : organizations_) wanted[id];
  }
  Organization::SpentByLimit by_limit;
  for (const Spent& one : spent) by_limit[one.limit].push_back(one);
  for (auto& [id, of_it] : wanted) Make(id)->Apply(std::move(of_it), by_limit, now);
}

void Treasury::ApplyTo(pipeline::NodeId organization, Limits limits, std::span<const Spent> spent, std::int64_t now) {
  Organization::SpentByLimit by_limit;
  for (const Spent& one : spent) by_limit[one.limit].push_back(one);
  Make(organization)->Apply(std::move(limits), by_limit, now);
}

std::shared_ptr<Organization> Treasury::Make(pipeline::NodeId organization) {
  const std::unique_lock lock(mutex_);
  auto& found = organizations_[organization];
  if (found == nullptr) found = std::make_shared<Organization>(tenure_, notices_);
  return found;
}

std::shared_ptr<Organization> Treasury::Find(pipeline::NodeId organization) const {
  const std::shared_lock lock(mutex_);
  const auto found = organizations_.find(organization);
  return found == organizations_.end() ? nullptr : found->second;
}

std::variant<Reservation, Refusal> Treasury::Reserve(const Ask& ask) {
  if (ask.path != nullptr && ask.path->organization_ != nullptr) return ask.path->organization_->Reserve(ask);
  if (const auto organization = ask.chain.empty() ? nullptr : Find(ask.chain.front().id)) {
    if (ask.path != nullptr) ask.path->organization_ = organization;
    return organization->Reserve(ask);
  }
  Reservation free;
  free.output_tokens_ = ask.wanted_output;
  return free;
}

std::vector<Treasury::Standing> Treasury::Standings(pipeline::NodeId organization, std::int64_t now) const {
  const auto found = Find(organization);
  return found == nullptr ? std::vector<Standing>() : found->Standings(now);
}

std::vector<Spent> Treasury::Attribute(const Use& use) const {
  const auto organization = use.chain.empty() ? nullptr : Find(use.chain.front().id);
  return organization == nullptr ? std::vector<Spent>() : organization->Attribute(use);
}

void Treasury::Charge(const Use& use, std::int64_t now) {
  const auto organization = use.chain.empty() ? nullptr : Find(use.chain.front().id);
  if (organization != nullptr) organization->Charge(use, now);
}

void Treasury::OnLow(std::function<void(const Need&)> on_low) { notices_->OnLow(std::move(on_low)); }

std::optional<Stake> Treasury::StakeIn(pipeline::NodeId organization, std::int64_t limit, std::int64_t given_up,
                                       std::int64_t now) {
  const auto found = Find(organization);
  return found == nullptr ? std::nullopt : found->StakeIn(limit, given_up, now);
}

void Treasury::Allot(pipeline::NodeId organization, std::int64_t limit, const Allotment& allotment, std::int64_t now) {
  if (const auto found = Find(organization)) found->Allot(limit, allotment, now);
}

void Treasury::ForgetRest(pipeline::NodeId organization, std::int64_t limit) {
  if (const auto found = Find(organization)) found->ForgetRest(limit);
}

std::vector<pipeline::NodeId> Treasury::organizations() const {
  std::vector<pipeline::NodeId> all;
  const std::shared_lock lock(mutex_);
  all.reserve(organizations_.size());
  for (const auto& [id, organization] : organizations_) all.push_back(id);
  return all;
}

std::vector<Passed> Treasury::TakePassed() { return notices_->Take(); }
std::uint64_t Treasury::dropped() const { return notices_->dropped(); }

std::size_t Treasury::size() const {
  const std::shared_lock lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [id, organization] : organizations_) sum += organization->size();
  return sum;
}

}  // namespace gatehouse::features::accounting
