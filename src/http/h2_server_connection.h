#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include "codec/http2/session.h"
#include "http/h2_server_exchange.h"
#include "http/h2_transport.h"
#include "http/server_connection.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// One client's HTTP/2 connection: each stream is an exchange with a handler of its own. A stream that its client resets
// has its handler cancelled.
class H2ServerConnection final : public ServerConnection,
                                 private codec::http2::SessionObserver,
                                 private H2Transport::Owner,
                                 private net::Timer,
                                 private net::Deferral {
 public:
  H2ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream, ReadBuffer received);
  ~H2ServerConnection() override;

  net::Task<> Run() override;
  void BeginDrain() override;

  // For the exchanges.
  ServerContext& context() { return context_; }
  net::Stream& stream() { return *stream_; }
  void Flush() { transport_.Flush(); }
  void FlushAtTurnEnd() { transport_.FlushAtTurnEnd(); }
  // The head has come, or what makes it impossible: the request is taken up when the session is done with the bytes.
  void NoteReady(H2ServerExchange& exchange) { ready_.push_back(&exchange); }
  // Its stream is over before its exchange: cancels the handler at the end of this turn.
  void NoteClosed(H2ServerExchange& exchange) {
    closed_.push_back(&exchange);
    Schedule(context_.loop);
  }

 private:
  enum class Farewell : std::uint8_t { kNone, kAnnounced, kSaid };

  codec::http2::Stream& OnStream() override;
  void OnGoaway(codec::http2::ErrorCode code) override;
  void OnPong() override;
  void OnReceived() override;
  void OnEnded(H2Transport::Ending ending) override;
  void OnTimer() override;
  void OnTurnEnd() override;

  void TakeUp(H2ServerExchange& exchange);
  static net::Task<> Serve(H2ServerConnection& connection, H2ServerExchange& exchange);
  static net::Task<> Reject(H2ServerConnection& connection, H2ServerExchange& exchange);
  net::Task<> AnswerRefusal(H2ServerExchange& exchange, std::uint16_t status, std::string_view reason);
  void Retire(H2ServerExchange& exchange);
  void ArmIdle();
  bool MayContinue() const;

  ServerContext& context_;
  std::unique_ptr<net::Stream> stream_;
  ReadBuffer received_;
  codec::http2::Session session_;
  H2Transport transport_;
  net::Event over_;
  std::list<std::unique_ptr<H2ServerExchange>> exchanges_;
  std::vector<H2ServerExchange*> ready_;
  std::vector<H2ServerExchange*> closed_;
  std::uint32_t requests_ = 0;
  Farewell farewell_ = Farewell::kNone;
  net::TaskGroup handlers_;  // last: handlers die before what they use
};

}  // namespace gatehouse::http
