#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/http2/stream.h"
#include "http/client.h"
#include "http/client_connection.h"
#include "net/loop.h"

namespace gatehouse::http {

class H2ClientConnection;

// One request on an HTTP/2 connection and the answer as it comes. Owned by the task that sends and then by the
// response.
class H2ClientStream final : public codec::http2::Stream {
 public:
  explicit H2ClientStream(net::Loop& loop) : changed_(loop) {}

  enum class Phase : std::uint8_t { kUnderWay, kEnded, kFailed };
  Phase phase() const { return phase_; }
  bool headed() const { return headed_; }
  // The stream broke off. REQUIRES: kFailed.
  base::Error Failure() const;
  // How far a failed request got.
  SendAttempt::Reached reached() const;

  ResponseHead& head() { return head_; }
  const HeaderMap& trailers() const { return trailers_; }
  // What has come of the body since the last call, good until the next.
  std::string_view TakeBody();
  bool HasBody() const { return !received_.empty(); }
  // Waits until anything changes.
  net::Task<net::Event::Outcome> Changed(net::Deadline deadline) { return changed_.Wait(deadline); }
  // The bytes of the request go away while some of them are not sent.
  void KeepRestOfRequest();

 private:
  void OnField(codec::http2::Block block, std::string_view name, std::string_view value) override;
  void OnBlockEnd(codec::http2::Block block, codec::http2::End end) override;
  void OnHeadTooLarge() override;
  void OnBody(std::string_view bytes) override;
  void OnBodyEnd() override;
  void OnTaken() override { changed_.Set(); }
  void OnClosed(codec::http2::ErrorCode code) override;

  void Break(codec::http2::ErrorCode code);

  net::Event changed_;
  ResponseHead head_;
  HeaderMap trailers_;
  std::string received_;  // bounded by the stream's window
  std::string lent_;
  std::string rest_of_request_;
  Phase phase_ = Phase::kUnderWay;
  bool headed_ = false;    // the final head has come
  bool answered_ = false;  // any head has
  int interim_heads_ = 0;
  codec::http2::ErrorCode code_ = codec::http2::ErrorCode::kNoError;
};

// The response on an HTTP/2 connection, whose head has come. Keeps the connection alive.
class H2ClientResponse final : public ClientResponse {
 public:
  H2ClientResponse(std::shared_ptr<H2ClientConnection> connection, std::unique_ptr<H2ClientStream> stream,
                   ClientTimeouts timeouts, net::Deadline deadline);
  ~H2ClientResponse() override;

  H2ClientStream& stream() { return *stream_; }

  const ResponseHead& head() const override { return stream_->head(); }
  net::Task<base::Result<std::string_view>> ReadBody() override;
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override;
  bool ended() const override;
  const HeaderMap& trailers() const override { return stream_->trailers(); }

 private:
  std::shared_ptr<H2ClientConnection> connection_;
  std::unique_ptr<H2ClientStream> stream_;
  ClientTimeouts timeouts_;
  net::Deadline deadline_;
};

}  // namespace gatehouse::http
