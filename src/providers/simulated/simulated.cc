#include "providers/simulated/simulated.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "providers/common/capability_list.h"
#include "providers/simulated/script.h"

namespace gatehouse::providers::simulated {
namespace {

using base::Result;
using codec::config::Choice;
using codec::config::Node;
using pipeline::Reply;

constexpr std::size_t kDefaultDimensions = 256;

struct Behaviour {
  std::string name;
  base::Duration latency{};
  double tokens_per_second = 0;  // 0: all at once
  double error_rate = 0;
  base::ErrorCode error = base::ErrorCode::kUnavailable;
  std::optional<std::uint64_t> cut_after_events;
};

base::Error Fault(base::ErrorCode code) {
  const auto retry = code == base::ErrorCode::kRateLimited || code == base::ErrorCode::kUnavailable
                         ? base::Retry::kSameTarget
                         : base::Retry::kOtherTarget;
  return base::Error{.code = code,
                     .source = base::ErrorSource::kUpstream,
                     .retry = retry,
                     .public_message = "The simulated provider failed, as its configuration asks.",
                     .detail = "simulated fault"};
}

// The scripted events at the configured pace, one per pull; all in one where there is no pace.
class PacedEvents final : public llm::EventSource {
 public:
  PacedEvents(std::vector<llm::Event> events, const Behaviour& behaviour, net::Loop& loop)
      : events_(std::move(events)), behaviour_(behaviour), loop_(loop) {}

  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    batch.raw_is_current = false;
    if (behaviour_.cut_after_events && given_ >= *behaviour_.cut_after_events)
      co_return Fault(base::ErrorCode::kUnavailable);
    if (given_ == events_.size()) co_return Outcome::kEnd;
    const bool paced = behaviour_.tokens_per_second > 0 || behaviour_.cut_after_events;
    if (paced && behaviour_.tokens_per_second > 0) {
      co_await loop_.Sleep(base::Duration(static_cast<std::int64_t>(1e9 / behaviour_.tokens_per_second)));
    }
    const std::size_t count = paced ? 1 : events_.size() - given_;
    for (std::size_t i = 0; i < count; ++i) batch.events.push_back(std::move(events_[given_ + i]));
    given_ += count;
    batch.frames.push_back({.raw = {}, .first_event = 0, .event_count = static_cast<std::uint32_t>(count)});
    co_return Outcome::kBatch;
  }

 private:
  std::vector<llm::Event> events_;
  const Behaviour& behaviour_;  // of the provider, which the exchange's pipeline keeps alive
  net::Loop& loop_;             // outlives every exchange
  std::size_t given_ = 0;
};

class SimulatedProvider final : public pipeline::Provider {
 public:
  SimulatedProvider(const Behaviour& behaviour, pipeline::Capabilities capabilities)
      : behaviour_(behaviour), capabilities_(capabilities) {}

  std::string_view name() const override { return behaviour_.name; }
  pipeline::Capabilities capabilities() const override { return capabilities_; }

  net::Task<Result<Reply>> Call(pipeline::Exchange& exchange, pipeline::CallContext context) override {
    if (behaviour_.latency.count() > 0) co_await exchange.loop.Sleep(behaviour_.latency);
    if (behaviour_.error_rate > 0 && exchange.random.Unit() < behaviour_.error_rate) co_return Fault(behaviour_.error);
    if (const auto* chat = std::get_if<pipeline::ChatCall>(&exchange.operation))
      co_return Chat(exchange, *chat, context);
    if (const auto* embedding = std::get_if<pipeline::EmbeddingCall>(&exchange.operation))
      co_return Embeddings(*embedding);
    if (const auto* count = std::get_if<pipeline::CountCall>(&exchange.operation)) {
      co_return Reply{.answer = pipeline::CountReply{EstimateTokens(*count->request)}, .headers = {}};
    }
    co_return base::Error{.code = base::ErrorCode::kUnsupported,
                          .source = base::ErrorSource::kClient,
                          .retry = base::Retry::kOtherTarget,
                          .public_message = "The simulated provider offers chat, embeddings and token counts only."};
  }

  net::Task<base::Status> Probe(net::Deadline) override { co_return base::Ok(); }

 private:
  Reply Chat(pipeline::Exchange& exchange, const pipeline::ChatCall& call, const pipeline::CallContext& context) const {
    auto events = AnswerTo(*call.request, context.model, exchange.id.substr(exchange.id.find('_') + 1));
    return Reply{
        .answer = pipeline::ChatReply{call.dialect, llm::Delivery::kStream,
                                      std::make_unique<PacedEvents>(std::move(events), behaviour_, exchange.loop)},
        .headers = {}};
  }

  static Reply Embeddings(const pipeline::EmbeddingCall& call) {
    pipeline::EmbeddingReply reply{
        .dialect = call.dialect, .raw = {}, .answer = {.model = call.request.model, .vectors = {}, .usage = {}}};
    for (const auto& input : call.request.inputs) {
      const auto* text = std::get_if<std::string>(&input);
      reply.answer.vectors.push_back(Embed(text != nullptr ? *text : std::string_view("tokens"),
                                           call.request.dimensions.value_or(kDefaultDimensions)));
      reply.answer.usage.input += text != nullptr ? EstimateTokens(*text) : std::get_if<llm::TokenIds>(&input)->size();
    }
    reply.answer.usage.source = llm::UsageSource::kProvider;
    return Reply{.answer = std::move(reply), .headers = {}};
  }

  const Behaviour& behaviour_;  // of the blueprint, which outlives the providers built from it
  const pipeline::Capabilities capabilities_;
};

class SimulatedBlueprint final : public common::Blueprint {
 public:
  explicit SimulatedBlueprint(Behaviour behaviour) : behaviour_(std::move(behaviour)) {}
  std::unique_ptr<pipeline::Provider> Build(common::LoopServices&) const override {
    return std::make_unique<SimulatedProvider>(behaviour_, capabilities());
  }
  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList(
        {kChat, kStreaming, kTools, kVision, kDocuments, kJsonSchema, kReasoning, kEmbeddings, kTokenCount});
  }

 private:
  const Behaviour behaviour_;
};

constexpr std::array<Choice<base::ErrorCode>, 4> kErrors = {{{"unavailable", base::ErrorCode::kUnavailable},
                                                             {"rate_limited", base::ErrorCode::kRateLimited},
                                                             {"timeout", base::ErrorCode::kTimeout},
                                                             {"invalid_request", base::ErrorCode::kInvalidRequest}}};

}  // namespace

std::unique_ptr<const common::Blueprint> Read(const std::string& name, const Node& node) {
  Behaviour behaviour{.name = name};
  behaviour.latency = node["latency"].AsDuration().value_or(base::Duration{});
  behaviour.tokens_per_second = node["tokens_per_second"].AsNumber({.min = 0, .max = 1e6}).value_or(0);
  const Node faults = node["faults"];
  behaviour.error_rate = faults["error_rate"].AsNumber({.min = 0, .max = 1}).value_or(0);
  behaviour.error = faults["error"].AsEnum<base::ErrorCode>(kErrors).value_or(base::ErrorCode::kUnavailable);
  if (const auto cut = faults["cut_after_events"].AsInteger({.min = 0, .max = 1'000'000})) {
    behaviour.cut_after_events = static_cast<std::uint64_t>(*cut);
  }
  return std::make_unique<SimulatedBlueprint>(std::move(behaviour));
}

}  // namespace gatehouse::providers::simulated
