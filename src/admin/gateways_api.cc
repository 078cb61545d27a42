#include "admin/gateways_api.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"

namespace gatehouse::admin {
namespace {

using base::Result;
using codec::json::Writer;
using features::accounting::GatewayRecord;

constexpr std::chrono::seconds kTimeout(60);

base::Error Alone() {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "This gateway is alone: it shares its budgets with no other."};
}

std::string_view Word(GatewayRecord::State state) {
  switch (state) {
    case GatewayRecord::State::kStarting: return "starting";
    case GatewayRecord::State::kOpen: return "open";
    case GatewayRecord::State::kClosed: return "closed";
    case GatewayRecord::State::kReleased: return "released";
  }
  return "unknown";
}

}  // namespace

net::Task<Result<ApiReply>> ListGateways(AccountingServices services, net::Loop& loop) {
  if (services.gateways == nullptr) co_return Alone();
  GH_CO_TRY(const std::vector<GatewayRecord> gateways, co_await services.gateways->Gateways(loop.In(kTimeout)));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const GatewayRecord& one : gateways) {
    writer.BeginObject()
        .Field("name", one.name)
        .Field("id", std::to_string(one.journal))
        .Field("state", Word(one.state))
        .Field("starts", one.incarnation)
        .Field("changed", codec::cel::TimestampText({one.seen_ms / 1000, 0}))
        .EndObject();
  }
  writer.EndArray().EndObject();
  co_return reply;
}

net::Task<Result<ApiReply>> ReleaseGateway(AccountingServices services, std::string name, net::Loop& loop) {
  if (services.gateways == nullptr || services.lessor == nullptr) co_return Alone();
  const net::Deadline deadline = loop.In(kTimeout);
  GH_CO_TRY(const std::vector<GatewayRecord> gateways, co_await services.gateways->Gateways(deadline));
  std::int64_t released = 0;
  bool known = false;
  for (const GatewayRecord& one : gateways) {
    if (one.name != name) continue;
    known = true;
    if (one.state != GatewayRecord::State::kOpen) continue;
    GH_CO_CHECK_OK(co_await services.lessor->Release(one, services.limits.All(), deadline));
    ++released;
  }
  if (!known) {
    co_return base::Error{.code = base::ErrorCode::kNotFound,
                          .source = base::ErrorSource::kClient,
                          .public_message = "There is no gateway of that name."};
  }
  ApiReply reply;
  Writer(reply.body).BeginObject().Field("released", released).EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
