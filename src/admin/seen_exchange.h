#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"

namespace gatehouse::admin {

// An exchange of which the status of its answer is known afterwards. Of the loop of what it stands for, which outlives
// it.
class SeenExchange final : public http::ServerExchange {
 public:
  explicit SeenExchange(http::ServerExchange& under) : under_(under) {}

  std::uint16_t status() const { return status_; }  // 0: nothing was answered

  const http::RequestHead& head() const override { return under_.head(); }
  const net::PeerIdentity& peer() const override { return under_.peer(); }
  net::Loop& loop() override { return under_.loop(); }
  net::Task<base::Result<std::string_view>> ReadBody() override { return under_.ReadBody(); }
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override { return under_.CollectBody(limit); }
  const http::HeaderMap& trailers() const override { return under_.trailers(); }
  net::Task<base::Status> Respond(http::ResponseHead head, std::string_view body) override {
    status_ = head.status;
    return under_.Respond(std::move(head), body);
  }
  net::Task<base::Status> Start(http::ResponseHead head) override {
    status_ = head.status;
    return under_.Start(std::move(head));
  }
  net::Task<base::Status> Write(std::string_view bytes) override { return under_.Write(bytes); }
  net::Task<base::Status> Finish(std::string_view last) override { return under_.Finish(last); }
  bool started() const override { return under_.started(); }
  std::uint64_t bytes_received() const override { return under_.bytes_received(); }
  std::uint64_t bytes_sent() const override { return under_.bytes_sent(); }

 private:
  http::ServerExchange& under_;
  std::uint16_t status_ = 0;
};

}  // namespace gatehouse::admin
