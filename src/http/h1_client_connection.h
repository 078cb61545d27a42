#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/http1/response_head.h"
#include "http/client_connection.h"
#include "http/h1_io.h"
#include "http/read_buffer.h"

namespace gatehouse::http {

// One HTTP/1.1 connection to an origin: one request at a time, which owns it from the pool's hand to the end of the
// response. Dropping it closes it. Belongs to its pool's loop; `context` outlives it.
class H1ClientConnection {
 public:
  H1ClientConnection(ClientContext& context, std::unique_ptr<net::Stream> stream);

  // Writes the request and reads up to the end of the response head. On success `parser()` has the head, which is
  // still in the buffer.
  struct Outcome {
    base::Status status;
    SendAttempt::Reached reached;
  };
  net::Task<Outcome> Send(const ClientRequest& request, ClientTimeouts timeouts, net::Deadline deadline);

  // True while an idle connection can be used: neither closed nor with bytes that nobody asked for.
  bool Usable();

  codec::http1::ResponseHeadParser& parser() { return parser_; }
  codec::http1::AnswerTo answer_to() const { return answer_to_; }
  net::Stream& stream() { return *stream_; }
  ReadBuffer& buffer() { return buffer_; }
  // Gives back what is not needed while the rest of an answer is waited for.
  void ReleaseBuffers();
  // The request was written to its end and the peer did not ask to close: another one may follow the response.
  bool reusable() const { return request_written_ && parser_.keep_alive(answer_to_); }

  base::TimePoint idle_since;  // the pool's

 private:
  enum class Wake : std::uint8_t { kRead, kWrite, kTimeout };

  void BuildHead(const ClientRequest& request);
  net::Task<Outcome> WriteRequest(Unwritten rest, ClientTimeouts timeouts, net::Deadline deadline);
  net::Task<Wake> AwaitEither(net::Deadline deadline);
  net::Task<Outcome> ReadHead(ClientTimeouts timeouts, net::Deadline deadline);
  net::IoState TryReadMore();
  // The head, if it is complete or broken; interim heads are skipped.
  codec::http1::Progress ParseHead();

  ClientContext& context_;
  std::unique_ptr<net::Stream> stream_;
  ReadBuffer buffer_;
  codec::http1::ResponseHeadParser parser_;
  codec::http1::AnswerTo answer_to_ = codec::http1::AnswerTo::kOther;
  bool request_written_ = false;
  bool answer_begun_ = false;
  int interim_heads_ = 0;
  std::string out_;  // the request's head while it is written
};

}  // namespace gatehouse::http
