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

}  // namespace

net::Task<Status> RecordStage::Start(pipeline::Exchange& exchange) const {
  if (record_.settings().durability != Durability::kStrict) {
    const Status taken = record_.Start(exchange, {});
    co_return taken.ok() ? taken : Status(Unrecorded(taken.error().detail));
  }
  net::Handoff<Durable> handoff(exchange.loop);
  const Status taken =
      record_.Start(exchange, [sender = handoff.sender()](const Durable& durable) mutable { sender.Send(durable); });
  if (!taken.ok()) co_return Unrecorded(taken.error().detail);
  const auto durable = co_await handoff.Receive(exchange.loop.In(kLongestWait).Earlier(exchange.deadline));
  if (!durable) co_return Unrecorded("the entry was not on the disk in time");
  co_return durable->ok() ? base::Ok() : Status(Unrecorded(durable->error().detail));
}

net::Task<base::Result<pipeline::Reply>> RecordStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  Status recorded = co_await Start(exchange);
  if (!recorded.ok() && record_.settings().unwritten == RecordSettings::Unwritten::kRefused) {
    co_return std::move(recorded).TakeError();
  }
  co_return co_await std::move(next)(exchange);
}

}  // namespace gatehouse::features::audit
