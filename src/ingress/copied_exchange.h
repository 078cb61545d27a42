#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"
#include "pipeline/payload_copy.h"

namespace gatehouse::ingress {

// An exchange of which the bodies are copied as they pass, both ways. Of the loop of what it stands for, which outlives
// it.
class CopiedExchange final : public http::ServerExchange {
 public:
  // Where there is no room, sizes alone are counted. The room outlives it.
  CopiedExchange(http::ServerExchange& under, std::size_t longest, pipeline::PayloadRoom* room)
      : under_(under), copy_{.longest = longest} {
    if (room != nullptr) {
      copy_.share = pipeline::PayloadShare(*room);
    } else {
      copy_.keeping = pipeline::PayloadCopy::Keeping::kSizes;
    }
  }

  pipeline::PayloadCopy& copy() { return copy_; }

  const http::RequestHead& head() const override { return under_.head(); }
  const net::PeerIdentity& peer() const override { return under_.peer(); }
  net::Loop& loop() override { return under_.loop(); }
  net::Task<base::Result<std::string_view>> ReadBody() override {
    auto piece = co_await under_.ReadBody();
    if (piece.ok()) copy_.Append(copy_.request, piece.value());
    co_return piece;
  }
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override {
    auto body = co_await under_.CollectBody(limit);
    if (body.ok()) copy_.Append(copy_.request, body.value());
    co_return body;
  }
  const http::HeaderMap& trailers() const override { return under_.trailers(); }
  net::Task<base::Status> Respond(http::ResponseHead head, std::string_view body) override {
    copy_.Append(copy_.response, body);
    return under_.Respond(std::move(head), body);
  }
  net::Task<base::Status> Start(http::ResponseHead head) override { return under_.Start(std::move(head)); }
  net::Task<base::Status> Write(std::string_view bytes) override {
    copy_.Append(copy_.response, bytes);
    return under_.Write(bytes);
  }
  net::Task<base::Status> Finish(std::string_view last) override {
    copy_.Append(copy_.response, last);
    return under_.Finish(last);
  }
  bool started() const override { return under_.started(); }
  std::uint64_t bytes_received() const override { return under_.bytes_received(); }
  std::uint64_t bytes_sent() const override { return under_.bytes_sent(); }

 private:
  http::ServerExchange& under_;
  pipeline::PayloadCopy copy_;
};

}  // namespace gatehouse::ingress
