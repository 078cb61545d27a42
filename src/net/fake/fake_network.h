#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "net/fake/fake_stream.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::net::fake {

// A listener whose connections a test hands in.
class FakeListener final : public Listener {
 public:
  explicit FakeListener(Loop& loop, std::uint16_t port = 8080) : loop_(loop), port_(port), arrived_(loop) {}

  Task<base::Result<std::unique_ptr<Stream>>> Accept() override;
  void Close() override;
  std::uint16_t port() const override { return port_; }

  // A client's end of a new connection; the other end waits to be accepted.
  std::unique_ptr<FakeStream> Connect(FakeStream::Options options = {});
  // Hands in any stream.
  void Offer(std::unique_ptr<Stream> stream);
  bool closed() const { return closed_; }

 private:
  Loop& loop_;
  std::uint16_t port_;
  Event arrived_;
  std::deque<std::unique_ptr<Stream>> backlog_;
  bool closed_ = false;
};

// A connector whose endpoints a test scripts. An endpoint without a script refuses.
class FakeConnector final : public Connector {
 public:
  // Makes the answer to one Connect(); it may take time, by sleeping on the loop.
  using Script = std::move_only_function<Task<base::Result<std::unique_ptr<Stream>>>(Deadline deadline)>;

  explicit FakeConnector(Loop& loop) : loop_(loop) {}

  Task<base::Result<std::unique_ptr<Stream>>> Connect(Endpoint endpoint, Deadline deadline) override;

  // Connections to `endpoint` arrive at `listener`, which outlives the connector.
  void Route(const Endpoint& endpoint, FakeListener& listener, FakeStream::Options options = {});
  void Refuse(const Endpoint& endpoint);
  // Connections to `endpoint` hang until their deadline.
  void Hang(const Endpoint& endpoint);
  void SetScript(const Endpoint& endpoint, Script script);

  // How often the endpoint was connected to, failures included.
  std::size_t attempts(const Endpoint& endpoint) const;

 private:
  using Key = std::pair<std::string, std::uint16_t>;
  static Key KeyOf(const Endpoint& endpoint) { return {endpoint.host, endpoint.port}; }

  Loop& loop_;
  std::map<Key, Script> scripts_;
  std::map<Key, std::size_t> attempts_;
};

// The error of a refused connection, as TcpConnector gives it.
base::Error ConnectionRefused();

}  // namespace gatehouse::net::fake
