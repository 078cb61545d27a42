#include "features/audit/record_stage.h"

#include <utility>

#include "net/handoff.h"

namespace gatehouse::features::audit {
namespace {

using base::Status;
using Durable = base::Result<std::uint64_t>;

base::Error Unrecorded(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .retry = base::Retry::kSameTarget,
          .public_message =
              "The gateway cannot keep its record at the moment, and does nothing that it cannot record. "
              "Nothing was sent on; try again in a while, or tell the operator.",
          .detail = "record: " + std::move(detail),
          .retry_after_seconds = 1};
}

net::Task<base::Result<pipeline::Reply>> Refuse(base::Error error) { co_return error; }

}  // namespace

net::Task<Status> RecordStage::StartDurably(pipeline::Exchange& exchange) const {
  net::Handoff<Durable> handoff(exchange.loop);
  const Status taken =
      record_.Start(exchange, [sender = handoff.sender()](const Durable& durable) mutable { sender.Send(durable); });
  if (!taken.ok()) co_return Unrecorded(taken.error().detail);
  const auto durable = co_await handoff.Receive(exchange.loop.In(kLongestWait).Earlier(exchange.deadline));
  if (!durable) co_return Unrecorded("the entry was not on the disk in time");
  co_return durable->ok() ? base::Ok() : Status(Unrecorded(durable->error().detail));
}

bool RecordStage::IsRefused(const Status& recorded) const {
  return !recorded.ok() && record_.settings().unwritten == RecordSettings::Unwritten::kRefused;
}

net::Task<base::Result<pipeline::Reply>> RecordStage::WaitAndServe(pipeline::Exchange& exchange,
                                                                   pipeline::Next next) const {
  Status recorded = co_await StartDurably(exchange);
  if (IsRefused(recorded)) co_return std::move(recorded).TakeError();
  co_return co_await std::move(next)(exchange);
}

// Without a coroutine of its own where nobody waits for the disk.
net::Task<base::Result<pipeline::Reply>> RecordStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  if (record_.settings().durability == Durability::kStrict) return WaitAndServe(exchange, std::move(next));
  const Status taken = record_.Start(exchange, {});
  if (IsRefused(taken)) return Refuse(Unrecorded(taken.error().detail));
  return std::move(next)(exchange);
}

}  // namespace gatehouse::features::audit
