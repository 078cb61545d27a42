#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "codec/http2/session.h"
#include "http/client_connection.h"
#include "http/h2_client_stream.h"
#include "http/h2_transport.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// An HTTP/2 connection to an origin. Shared by its pool and its responses; needs neither of the pool's parts after it
// was made. Asks a silent upstream for a sign of life while somebody waits for an answer, and says goodbye when nobody
// has for the pool's idle time.
class H2ClientConnection final : public MultiplexedConnection,
                                 public std::enable_shared_from_this<H2ClientConnection>,
                                 private codec::http2::SessionObserver,
                                 private H2Transport::Owner,
                                 private net::Deferral,
                                 private net::Timer {
 public:
  H2ClientConnection(const ClientContext& context, std::unique_ptr<net::Stream> stream,
                     std::move_only_function<void()> on_change);
  ~H2ClientConnection() override;
  void Start();

  std::size_t available_streams() const override;
  bool closing() const override { return closing_; }
  net::Task<SendAttempt> Send(ClientRequest request, ClientTimeouts timeouts, net::Deadline deadline) override;

  // For the responses.
  net::Loop& loop() { return loop_; }
  void Flush() { transport_.Flush(); }
  // A stream was dropped: its reset, if any, leaves, and the pool learns that there is room.
  void StreamEnded();

 private:
  codec::http2::Stream& OnStream() override;
  void OnGoaway(codec::http2::ErrorCode code) override;
  void OnPong() override {}
  void OnReceived() override;
  void OnEnded(H2Transport::Ending ending) override;
  void OnTurnEnd() override;
  void OnTimer() override;

  base::Status Open(H2ClientStream& stream, const ClientRequest& request);
  static net::Task<SendAttempt> Exchange(std::shared_ptr<H2ClientConnection> self, ClientRequest request,
                                         ClientTimeouts timeouts, net::Deadline deadline);
  static net::Task<base::Status> AwaitHead(H2ClientConnection& self, H2ClientStream& stream, ClientTimeouts timeouts,
                                           net::Deadline deadline);
  void BeginClosing();
  // Tells the pool, at the end of this turn, if there is more room than it last knew of.
  void NoteRoom();
  base::TimePoint WatchUntil() const;
  void ArmWatch();

  net::Loop& loop_;
  std::string authority_;
  std::string scheme_;
  base::Duration idle_timeout_;
  std::unique_ptr<net::Stream> stream_;
  std::move_only_function<void()> on_change_;
  codec::http2::Session session_;
  H2Transport transport_;
  bool closing_ = false;
  bool asked_ = false;           // a PING is under way
  base::TimePoint quiet_since_;  // when the last stream ended, or the first of those that are open began
  std::size_t room_ = 0;         // as the pool knows it
};

}  // namespace gatehouse::http
