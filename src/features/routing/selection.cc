#include "features/routing/selection.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "pipeline/attachments.h"

namespace gatehouse::features::routing {
namespace {

constexpr std::uint64_t kBytesPerToken = 4;
constexpr std::uint64_t kAssumedOutputTokens = 1024;

using pipeline::Capability;

void Need(Needs& needs, Capability capability) { needs.capabilities.set(static_cast<std::size_t>(capability)); }

void NeedForBlocks(Needs& needs, const std::vector<llm::Block>& blocks) {
  for (const llm::Block& block : blocks) {
    if (std::holds_alternative<llm::ImageBlock>(block)) Need(needs, Capability::kVision);
    if (std::holds_alternative<llm::DocumentBlock>(block)) Need(needs, Capability::kDocuments);
    if (std::holds_alternative<llm::AudioBlock>(block)) Need(needs, Capability::kAudio);
    if (const auto* result = std::get_if<llm::ToolResultBlock>(&block)) NeedForBlocks(needs, result->content);
  }
}

void NeedForChat(Needs& needs, const pipeline::ChatCall& call) {
  Need(needs, Capability::kChat);
  if (call.delivery == llm::Delivery::kStream) Need(needs, Capability::kStreaming);
  if (!call.request->tools.empty()) Need(needs, Capability::kTools);
  const auto& format = call.request->response_format;
  if (format && format->kind == llm::ResponseFormat::Kind::kJsonSchema) Need(needs, Capability::kJsonSchema);
  for (const auto& message : call.request->messages) NeedForBlocks(needs, message.blocks);
  needs.input_tokens = call.body->text().size() / kBytesPerToken;
  needs.output_tokens = call.request->max_output_tokens.value_or(kAssumedOutputTokens);
}

bool Offers(const Candidate& candidate, const Needs& needs) {
  const auto offered = candidate.target->capabilities.value_or(candidate.provider->capabilities());
  return (needs.capabilities & ~offered).none();
}

bool Fits(const Target& target, const Needs& needs) {
  return !target.context_tokens || needs.input_tokens <= *target.context_tokens;
}

bool Contains(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

bool HasTags(const Target& target, const std::vector<std::string>& required) {
  return std::ranges::all_of(required, [&](const std::string& tag) { return Contains(target.tags, tag); });
}

bool Agrees(std::optional<bool> wanted, bool actual) { return !wanted || *wanted == actual; }

bool Holds(const Condition& when, const Needs& needs) {
  const auto has = [&](Capability capability) { return needs.capabilities.test(static_cast<std::size_t>(capability)); };
  return Agrees(when.tools, has(Capability::kTools)) && Agrees(when.vision, has(Capability::kVision)) &&
         Agrees(when.stream, has(Capability::kStreaming)) &&
         (!when.min_input_tokens || needs.input_tokens >= *when.min_input_tokens) &&
         (!when.max_input_tokens || needs.input_tokens <= *when.max_input_tokens) &&
         (when.keys.empty() || Contains(when.keys, needs.key)) &&
         (when.teams.empty() || Contains(when.teams, needs.team));
}

// Ascending by key, equal keys keep their order. Routes have a handful of targets.
template <class Key>
void SortBy(std::vector<Candidate>& candidates, Key key) {
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    for (std::size_t k = i; k > 0 && key(candidates[k]) < key(candidates[k - 1]); --k) {
      std::swap(candidates[k], candidates[k - 1]);
    }
  }
}

// Efraimidis and Spirakis 2006: sorting by u^(1/w) draws without replacement in proportion to the weights.
void OrderByWeight(std::vector<Candidate>& candidates, base::Random& random) {
  std::vector<std::pair<double, Candidate>> keyed;
  for (const auto& candidate : candidates) {
    const double weight = candidate.target->weight;
    keyed.emplace_back(weight > 0 ? std::log(1 - random.Unit()) / weight : -std::numeric_limits<double>::infinity(),
                       candidate);
  }
  std::ranges::sort(keyed, std::greater<>(), [](const auto& entry) { return entry.first; });
  for (std::size_t i = 0; i < keyed.size(); ++i) candidates[i] = keyed[i].second;
}

// Power of two choices (Mitzenmacher 2001): of two at random the cheaper goes first; the rest follow by cost.
void OrderBySpeed(std::vector<Candidate>& candidates, base::TimePoint now, base::Random& random) {
  if (candidates.size() < 2) return;
  const auto cost = [now](const Candidate& candidate) { return candidate.target->health->Cost(now); };
  const std::size_t a = random.Below(candidates.size());
  std::size_t b = random.Below(candidates.size() - 1);
  if (b >= a) ++b;
  const Candidate first = cost(candidates[a]) <= cost(candidates[b]) ? candidates[a] : candidates[b];
  std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.target == first.target; });
  SortBy(candidates, cost);
  candidates.insert(candidates.begin(), first);
}

double ExpectedCost(const Target& target, const Needs& needs) {
  if (!target.price) return std::numeric_limits<double>::infinity();  // an unknown price is never the cheapest
  return target.price->input * static_cast<double>(needs.input_tokens) +
         target.price->output * static_cast<double>(needs.output_tokens);
}

std::uint64_t Mix(std::uint64_t hash) {
  hash ^= hash >> 33U;
  hash *= 0xFF51AFD7ED558CCDU;
  hash ^= hash >> 33U;
  return hash;
}

// Rendezvous hashing (Thaler and Ravishankar 1998): a target that leaves moves only its own sessions.
std::uint64_t Affinity(const Target& target, std::string_view session) {
  const std::hash<std::string_view> hash;
  return Mix(hash(session) ^ Mix(hash(target.provider_name) + 31 * hash(target.model)));
}

void Order(std::vector<Candidate>& candidates, Strategy strategy, const Needs& needs, std::uint64_t turn,
           base::TimePoint now, base::Random& random) {
  switch (strategy) {
    case Strategy::kPriority:
    case Strategy::kConditional: return;
    case Strategy::kWeighted: OrderByWeight(candidates, random); return;
    case Strategy::kRoundRobin: {
      const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(turn % candidates.size());
      std::rotate(candidates.begin(), middle, candidates.end());
      return;
    }
    case Strategy::kLeastBusy: SortBy(candidates, [](const Candidate& c) { return c.target->health->busy(); }); return;
    case Strategy::kFastest: OrderBySpeed(candidates, now, random); return;
    case Strategy::kCheapest:
      SortBy(candidates, [&](const Candidate& c) { return ExpectedCost(*c.target, needs); });
      return;
    case Strategy::kSticky:
      SortBy(candidates, [&](const Candidate& c) { return ~Affinity(*c.target, needs.session); });
      return;
  }
}

base::Error Unserved(const Route& route, std::string_view why) {
  return base::Error{
      .code = base::ErrorCode::kUnsupported,
      .source = base::ErrorSource::kClient,
      .public_message = "No target of model '" + route.model + "' can serve this request: " + std::string(why) + ".",
      .param = "model"};
}

std::string MissingCapabilities(const std::vector<Candidate>& candidates, const Needs& needs) {
  pipeline::Capabilities offered;
  for (const auto& candidate : candidates)
    offered |= candidate.target->capabilities.value_or(candidate.provider->capabilities());
  std::string missing;
  for (std::size_t i = 0; i < needs.capabilities.size(); ++i) {
    if (needs.capabilities.test(i) && !offered.test(i)) {
      missing.append(missing.empty() ? "" : ", ").append(pipeline::ToString(static_cast<Capability>(i)));
    }
  }
  return missing.empty() ? "no single target offers all that it needs" : "it needs " + missing + ", which none offers";
}

// Keeps what passes; where nothing does, keeps all and says false.
template <class Passes>
bool Keep(std::vector<Candidate>& candidates, Passes passes) {
  if (std::ranges::none_of(candidates, passes)) return false;
  std::erase_if(candidates, [&](const Candidate& candidate) { return !passes(candidate); });
  return true;
}

}  // namespace

Needs NeedsOf(const pipeline::Exchange& exchange) {
  Needs needs{.capabilities = {},
              .session = exchange.session,
              .key = exchange.principal->name,
              .team = exchange.principal->team,
              .provider = {}};
  if (const auto* only = exchange.Find<pipeline::OnlyProvider>()) needs.provider = only->name;
  struct Visit {
    Needs& needs;
    void operator()(const pipeline::ChatCall& call) const { NeedForChat(needs, call); }
    void operator()(const pipeline::EmbeddingCall&) const { Need(needs, Capability::kEmbeddings); }
    void operator()(const pipeline::CountCall&) const { Need(needs, Capability::kTokenCount); }
    void operator()(const pipeline::RerankCall&) const { Need(needs, Capability::kRerank); }
    void operator()(const pipeline::PassThroughCall&) const { Need(needs, Capability::kPassThrough); }
    void operator()(const pipeline::ModelsCall&) const {}
  };
  std::visit(Visit{needs}, exchange.operation);
  return needs;
}

base::Result<std::vector<Candidate>> SelectTargets(const BoundRoute& bound, const Needs& needs, std::uint64_t turn,
                                                   base::TimePoint now, base::Random& random) {
  const Route& route = *bound.route;
  std::vector<Candidate> candidates;
  candidates.reserve(route.targets.size());
  for (std::size_t i = 0; i < route.targets.size(); ++i) candidates.push_back({&route.targets[i], bound.providers[i]});
  if (!Keep(candidates, [&](const Candidate& c) { return HasTags(*c.target, route.required_tags); })) {
    return Unserved(route, "none carries the required tags");
  }
  if (!Keep(candidates,
            [&](const Candidate& c) { return needs.provider.empty() || c.target->provider_name == needs.provider; })) {
    return Unserved(route, "a policy wants it from a provider that is none of them");
  }
  if (!Keep(candidates, [&](const Candidate& c) { return Offers(c, needs); })) {
    return Unserved(route, MissingCapabilities(candidates, needs));
  }
  if (!Keep(candidates, [&](const Candidate& c) { return Fits(*c.target, needs); })) {
    auto error = Unserved(route, "the prompt is longer than every target's context");
    error.code = base::ErrorCode::kContextLength;
    return error;
  }
  if (!Keep(candidates, [&](const Candidate& c) { return Holds(c.target->when, needs); })) {
    return Unserved(route, "no target's condition holds for it");
  }
  Order(candidates, route.strategy, needs, turn, now, random);
  return candidates;
}

}  // namespace gatehouse::features::routing
