#pragma once

// For tests; never included by product code.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"
#include "net/loop.h"

namespace gatehouse::admin {

// One request that is there whole, and the answer to it.
class TestExchange final : public http::ServerExchange {
 public:
  TestExchange(net::Loop& loop, std::string method, std::string target, std::string body)
      : loop_(loop), body_(std::move(body)) {
    head_.method = std::move(method);
    head_.target = std::move(target);
    peer_.address = "127.0.0.1:5";
  }
  http::RequestHead& request() { return head_; }

  const http::RequestHead& head() const override { return head_; }
  const net::PeerIdentity& peer() const override { return peer_; }
  net::Loop& loop() override { return loop_; }
  net::Task<base::Result<std::string_view>> ReadBody() override { co_return std::string_view(); }
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override {
    if (body_.size() > limit) co_return base::Error{.code = base::ErrorCode::kTooLarge};
    co_return body_;
  }
  const http::HeaderMap& trailers() const override { return trailers_; }
  net::Task<base::Status> Respond(http::ResponseHead, std::string_view) override { co_return base::Ok(); }
  net::Task<base::Status> Start(http::ResponseHead) override { co_return base::Ok(); }
  net::Task<base::Status> Write(std::string_view) override { co_return base::Ok(); }
  net::Task<base::Status> Finish(std::string_view) override { co_return base::Ok(); }
  bool started() const override { return false; }
  std::uint64_t bytes_received() const override { return 0; }
  std::uint64_t bytes_sent() const override { return 0; }

 private:
  net::Loop& loop_;
  std::string body_;
  http::RequestHead head_;
  net::PeerIdentity peer_;
  http::HeaderMap trailers_;
};

}  // namespace gatehouse::admin
