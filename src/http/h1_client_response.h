#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/h1_client_connection.h"
#include "http/h1_io.h"

namespace gatehouse::http {

// Where an HTTP/1.1 connection goes when its response is over.
class H1ConnectionOwner {
 public:
  virtual ~H1ConnectionOwner() = default;
  // The connection can carry another request.
  virtual void GiveBack(std::unique_ptr<H1ClientConnection> connection) = 0;
  // It is closed by whoever calls this.
  virtual void Closed() = 0;
};

// A connection on loan from its pool. Dropping it closes the connection and tells the pool; both outlive neither each
// other nor the lease: the lease holds the pool's state.
class H1Lease {
 public:
  H1Lease(std::shared_ptr<H1ConnectionOwner> owner, std::unique_ptr<H1ClientConnection> connection)
      : owner_(std::move(owner)), connection_(std::move(connection)) {}
  H1Lease(H1Lease&&) noexcept = default;
  H1Lease& operator=(H1Lease&&) = delete;
  ~H1Lease();

  H1ClientConnection* operator->() const { return connection_.get(); }
  H1ClientConnection& operator*() const { return *connection_; }
  void GiveBack() && { owner_->GiveBack(std::move(connection_)); }

 private:
  std::shared_ptr<H1ConnectionOwner> owner_;
  std::unique_ptr<H1ClientConnection> connection_;  // null once given back
};

// The response on an HTTP/1.1 connection, whose head has been read.
class H1ClientResponse final : public ClientResponse {
 public:
  H1ClientResponse(H1Lease lease, ClientTimeouts timeouts, net::Deadline deadline);
  ~H1ClientResponse() override;

  const ResponseHead& head() const override { return head_; }
  net::Task<base::Result<std::string_view>> ReadBody() override;
  net::Task<base::Result<std::string>> CollectBody(std::size_t limit) override;
  bool ended() const override { return body_.ended(); }
  const HeaderMap& trailers() const override { return trailers_; }

 private:
  std::optional<base::Result<std::string_view>> TakePiece();
  // More bytes in the buffer, or the orderly end where that ends the body.
  net::Task<base::Status> AwaitBytes();
  base::Status TakeEnd();

  H1Lease lease_;
  ClientTimeouts timeouts_;
  net::Deadline deadline_;
  ResponseHead head_;
  HeaderMap trailers_;
  H1Body body_;
};

}  // namespace gatehouse::http
