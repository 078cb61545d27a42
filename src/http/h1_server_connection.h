#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/http1/reason.h"
#include "codec/http1/request_head.h"
#include "http/handler_run.h"
#include "http/read_buffer.h"
#include "http/server_connection.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// One client's HTTP/1.1 connection: reads a head, lets the handler answer, and so on, in order. Between requests it
// holds neither a read buffer nor an exchange. A request that has come whole is served although its client pipelines
// more behind it; those wait in the buffer and, beyond it, in the socket.
class H1ServerConnection final : public ServerConnection, private net::Deferral {
 public:
  H1ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream);
  ~H1ServerConnection() override;

  net::Task<> Run() override;
  void BeginDrain() override;

  // After Run(): the client speaks HTTP/2. Nothing was answered; the stream and what was read of it can be taken over.
  bool found_http2() const { return found_http2_; }
  std::unique_ptr<net::Stream> TakeStream() { return std::move(stream_); }
  ReadBuffer TakeReceived() { return std::move(buffer_); }

  // For the exchange.
  ServerContext& context() { return context_; }
  net::Stream& stream() { return *stream_; }
  ReadBuffer& buffer() { return buffer_; }
  void FlushAtTurnEnd() { Schedule(context_.loop); }
  // Whether this connection may carry another request after the one being served.
  bool MayContinue() const;

 private:
  enum class HeadOutcome : std::uint8_t { kRequest, kClosed, kRefused, kHttp2 };
  enum class ReadOutcome : std::uint8_t { kBytes, kClosed, kTimeout };
  enum class After : std::uint8_t { kContinue, kClose };

  net::Task<HeadOutcome> ReadHead();
  std::optional<ReadOutcome> TryReadMore();
  net::Task<ReadOutcome> ReadMore(net::Deadline deadline);
  enum class Sniffed : std::uint8_t { kHttp1, kHttp2, kNeedMore };
  Sniffed Sniff() const;
  std::optional<HeadOutcome> ParseHead();
  net::Task<After> ServeOne();
  net::Task<After> FinishExchange(HandlerRun::Outcome outcome);
  net::Task<> AnswerFault();
  net::Task<> Refuse();
  net::Task<> Linger();
  void TakeExchange();
  void GoIdle();

  void OnTurnEnd() override;
  bool ClientGone();

  ServerContext& context_;
  std::unique_ptr<net::Stream> stream_;
  ReadBuffer buffer_;
  std::unique_ptr<H1ServerExchange> exchange_;  // while a request is read or served
  IdleWait* idle_ = nullptr;                    // while the connection waits for a request
  HandlerRun* serving_ = nullptr;               // while a handler runs
  std::uint32_t requests_ = 0;
  bool sniffed_ = false;
  bool found_http2_ = false;
  bool peer_left_ = false;
  std::uint16_t refusal_status_ = 0;
  std::string_view refusal_reason_;
};

}  // namespace gatehouse::http
