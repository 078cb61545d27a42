#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http2/stream.h"
#include "http/server.h"
#include "net/loop.h"

namespace gatehouse::http {

class H2ServerConnection;
class HandlerRun;

// A request on one stream of an HTTP/2 connection, and its answer. Owned by the connection, which outlives it.
class H2ServerExchange final : public ServerExchange, public codec::http2::Stream {
 public:
  explicit H2ServerExchange(H2ServerConnection& connection);

  const RequestHead& head() const override { return head_; }
  const net::PeerIdentity& peer() const override;
  net::Loop& loop() override;
  net::Task<base::Result<std::string_view>> ReadBody() override;
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override;
  const HeaderMap& trailers() const override { return trailers_; }
  net::Task<base::Status> Respond(ResponseHead head, std::string_view body) override;
  net::Task<base::Status> Start(ResponseHead head) override;
  net::Task<base::Status> Write(std::string_view bytes) override;
  net::Task<base::Status> Finish(std::string_view last) override;
  bool started() const override { return phase_ != Phase::kUnanswered; }
  std::uint64_t bytes_received() const override { return bytes_received_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }

  // For the connection.
  bool finished() const { return phase_ == Phase::kFinished; }
  // The status that refuses this request before a handler sees it; 0: none.
  std::uint16_t refusal() const { return refusal_; }
  std::string_view refusal_reason() const { return refusal_reason_; }
  HandlerRun* running = nullptr;  // while a handler runs
  bool taken_up = false;          // a coroutine of the connection will retire it
  std::list<std::unique_ptr<H2ServerExchange>>::iterator position;

 private:
  enum class Phase : std::uint8_t { kUnanswered, kStreaming, kFinished, kBroken };

  void OnField(codec::http2::Block block, std::string_view name, std::string_view value) override;
  void OnBlockEnd(codec::http2::Block block, codec::http2::End end) override;
  void OnHeadTooLarge() override;
  void OnBody(std::string_view bytes) override;
  void OnBodyEnd() override;
  void OnTaken() override;
  void OnClosed(codec::http2::ErrorCode code) override;

  void CompleteHead();
  void Refuse(std::uint16_t status, std::string_view reason);
  void SendHead(const ResponseHead& head, codec::http2::End end);
  net::Task<base::Status> AwaitBody();
  net::Task<base::Status> Send(std::string_view bytes, codec::http2::End end);
  net::Task<base::Status> AwaitTaken();
  base::Error Gone() const;
  // Holds the answer to the Content-Length that its head states.
  base::Status Count(std::size_t bytes);

  H2ServerConnection& connection_;
  RequestHead head_;
  HeaderMap trailers_;
  std::string received_;  // of the body, for the next ReadBody(); bounded by the stream's window
  std::string lent_;      // what the last one returned
  net::Event readable_;
  net::Event taken_;
  Phase phase_ = Phase::kUnanswered;
  std::uint16_t refusal_ = 0;
  std::string_view refusal_reason_;
  bool body_ended_ = false;
  bool silent_ = false;                       // the answer has no body, whatever the handler writes (HEAD, 204, 304)
  std::optional<std::uint64_t> length_left_;  // of a streamed answer that states its length
  base::Duration waited_{};                   // for the client's bytes
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace gatehouse::http
