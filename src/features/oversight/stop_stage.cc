#include "features/oversight/stop_stage.h"

#include <memory>
#include <utility>
#include <variant>

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using pipeline::Reply;

// What the record says of it.
void NoteDecision(const Stop& stop, pipeline::Phase phase, pipeline::Exchange& exchange) {
  exchange.decisions.push_back({.rule = stop.Word(), .phase = phase, .effect = pipeline::Effect::kDeny});
}

base::Error Refuse(const Stop& stop, pipeline::Exchange& exchange) {
  NoteDecision(stop, pipeline::Phase::kRequest, exchange);
  return StoppedError(stop);
}

net::Task<Result<Reply>> Answer(base::Error error) { co_return error; }

// Nothing of the upstream is left by now.
base::Error End(Flight& flight, pipeline::Exchange& exchange) {
  NoteDecision(*flight.stopped(), pipeline::Phase::kResponse, exchange);
  flight.Ended();
  return flight.Why();
}

// An answer on its way to the client that can be ended.
class HaltedEvents final : public llm::EventSource {
 public:
  HaltedEvents(std::unique_ptr<llm::EventSource> events, std::unique_ptr<Flight> flight, pipeline::Exchange& exchange)
      : flight_(std::move(flight)), exchange_(exchange), events_(std::move(events)) {}

  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    auto outcome = co_await flight_->Until(events_->Pull(batch));
    if (outcome) co_return *std::move(outcome);
    batch.Clear();
    events_.reset();
    co_return End(*flight_, exchange_);
  }

 private:
  std::unique_ptr<Flight> flight_;  // outlives the events: it is over when they are
  pipeline::Exchange& exchange_;    // outlives the reply
  std::unique_ptr<llm::EventSource> events_;
};

// The same for one that nobody looks into.
class HaltedBytes final : public pipeline::ByteSource {
 public:
  HaltedBytes(std::unique_ptr<pipeline::ByteSource> bytes, std::unique_ptr<Flight> flight, pipeline::Exchange& exchange)
      : flight_(std::move(flight)), exchange_(exchange), bytes_(std::move(bytes)) {}

  net::Task<Result<std::string_view>> Read() override {
    auto piece = co_await flight_->Until(bytes_->Read());
    if (piece) co_return *std::move(piece);
    bytes_.reset();
    co_return End(*flight_, exchange_);
  }

 private:
  std::unique_ptr<Flight> flight_;
  pipeline::Exchange& exchange_;
  std::unique_ptr<pipeline::ByteSource> bytes_;
};

}  // namespace

net::Task<Result<Reply>> StopStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  const Stop* stop = stops_.table().Find(exchange);
  if (stop != nullptr) [[unlikely]]
    return Answer(Refuse(*stop, exchange));
  return std::move(next)(exchange);
}

// What was stopped since it was let in, or became the model of the exchange since, is refused here.
net::Task<Result<Reply>> HaltStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  if (const Stop* stop = stops_.table().Find(exchange)) co_return Refuse(*stop, exchange);
  auto flight = std::make_unique<Flight>(stops_, exchange);
  auto reply = co_await flight->Until(std::move(next)(exchange));
  if (!reply) co_return End(*flight, exchange);
  if (!reply->ok()) co_return *std::move(reply);
  auto& answer = reply->value().answer;
  if (auto* chat = std::get_if<pipeline::ChatReply>(&answer)) {
    if (chat->events->Whole() != nullptr) co_return *std::move(reply);  // nothing of it is left to be ended
    chat->events = std::make_unique<HaltedEvents>(std::move(chat->events), std::move(flight), exchange);
  } else if (auto* opaque = std::get_if<pipeline::PassThroughReply>(&answer)) {
    opaque->body = std::make_unique<HaltedBytes>(std::move(opaque->body), std::move(flight), exchange);
  }
  co_return *std::move(reply);
}

}  // namespace gatehouse::features::oversight
