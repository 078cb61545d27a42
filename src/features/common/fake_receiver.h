#pragma once

// For tests; never included by product code.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/fetcher.h"
#include "http/server.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::features::common {

// Somebody's receiver of webhooks: the real HTTP server and client, on a fake loop.
class FakeReceiver final : public http::Handler, public net::Connector {
 public:
  struct Got {
    http::RequestHead head;
    std::string body;
    std::string Header(std::string_view name) const { return std::string(head.headers.Find(name).value_or("")); }
  };

  explicit FakeReceiver(net::fake::FakeLoop& loop) : loop_(loop), server_(loop, {}, *this) {}

  http::Fetcher::PoolFor PoolFor() {
    return [this](const http::Origin& origin, const std::string&) {
      return std::make_shared<http::Pool>(loop_, *this, origin, http::PoolLimits{});
    };
  }
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint, net::Deadline) override {
    if (!up) co_return net::fake::ConnectionRefused();
    auto pair = net::fake::FakeStream::Connect(loop_);
    server_.Adopt(std::move(pair.far));
    co_return std::unique_ptr<net::Stream>(std::move(pair.near));
  }
  net::Task<> Serve(http::ServerExchange& exchange) override {
    std::string body = (co_await exchange.CollectBody(1 << 16)).value();
    got.push_back({.head = exchange.head(), .body = std::move(body)});
    http::ResponseHead head{.status = status, .headers = {}};
    head.headers.Add("connection", "close");
    if (!retry_after.empty()) head.headers.Add("retry-after", retry_after);
    static_cast<void>(co_await exchange.Respond(std::move(head), says));
  }
  std::string RejectionBody(std::uint16_t, std::string_view reason) const override { return std::string(reason); }

  std::vector<Got> got;
  std::uint16_t status = 200;
  std::string says = "thank you";
  std::string retry_after;
  bool up = true;

 private:
  net::fake::FakeLoop& loop_;
  http::Server server_;
};

}  // namespace gatehouse::features::common
