#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http1/chunked.h"
#include "codec/http1/request_head.h"
#include "http/h1_io.h"
#include "http/server.h"

namespace gatehouse::http {

class H1ServerConnection;

// A request on an HTTP/1.1 connection and its answer, with all the memory that takes; kept and reused by the server's
// context from one connection to another.
class H1ServerExchange final : public ServerExchange {
 public:
  explicit H1ServerExchange(codec::http1::HeadLimits limits) : parser_(limits) {}

  // `connection` outlives the use of this exchange.
  void Attach(H1ServerConnection& connection);
  codec::http1::RequestHeadParser& parser() { return parser_; }
  // The parser is done: takes the head off the buffer and stands ready for the handler.
  void Begin();

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

  // For the connection, after the handler.
  bool finished() const { return phase_ == Phase::kFinished; }
  // What a handler that gave no answer leaves to be said: 400 or 408 for a body that was broken or late, else 500.
  std::uint16_t fault_status() const;
  bool keep_alive() const { return keep_alive_ && CanDiscardBody(); }
  bool body_ended() const { return body_.ended(); }
  // A body that the handler did not want is read to its end when no more than this is left, so that the connection can
  // go on behind it.
  static constexpr std::uint64_t kMaxDiscard = 64 * 1024;
  // As far as is known, what is left of the body is little and sure to come.
  bool CanDiscardBody() const;
  net::Task<base::Status> DiscardBody();
  bool reading() const { return readers_ > 0; }
  // Sends a head that no write has taken along in this turn.
  void FlushHead();

 private:
  enum class Phase : std::uint8_t { kUnanswered, kHeadPending, kStreaming, kFinished, kBroken };
  enum class Framing : std::uint8_t { kNone, kLength, kChunked, kUntilClose };
  class Waiting;

  void FillHead();
  std::optional<base::Result<std::string_view>> TakePiece();
  net::Task<base::Status> AwaitBytes();
  net::Task<base::Status> SendContinue();
  base::Error BodyFailed(base::Error error);
  net::Task<base::Status> CollectDirectly(std::string& into);

  bool DecideKeepAlive() const;
  Framing FramingOf(const ResponseHead& head) const;
  void BuildHead(const ResponseHead& head, Framing framing, std::uint64_t length);
  net::Task<base::Status> SendRest(Unwritten rest);
  net::Task<base::Status> SendPiece(std::string_view bytes, std::string_view end);

  H1ServerConnection* connection_ = nullptr;
  codec::http1::RequestHeadParser parser_;
  RequestHead head_;
  HeaderMap trailers_;
  H1Body body_;
  bool expect_continue_ = false;
  bool client_keeps_alive_ = false;
  bool keep_alive_ = false;                    // decided when the answer's head is built
  std::optional<base::ErrorCode> body_error_;  // once set, nothing more can be read from this connection
  int readers_ = 0;
  base::Duration waited_{};  // for the client's bytes
  Phase phase_ = Phase::kUnanswered;
  Framing framing_ = Framing::kNone;
  std::uint64_t length_left_ = 0;  // of Framing::kLength
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::string out_;  // the head, until it is sent
  codec::http1::ChunkHead chunk_head_{0};
};

}  // namespace gatehouse::http
