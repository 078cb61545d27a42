#include "net/fake/fake_network.h"

namespace gatehouse::net::fake {

namespace {

using Connected = base::Result<std::unique_ptr<Stream>>;

base::Error ConnectTimedOut() {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream did not accept a connection in time. Try again later.",
          .detail = "connect timed out"};
}

base::Error ListenerClosed() {
  return {.code = base::ErrorCode::kCancelled,
          .source = base::ErrorSource::kGateway,
          .public_message = "The gateway is shutting down.",
          .detail = "listener closed"};
}

Task<Connected> RefuseConnection() { co_return ConnectionRefused(); }

Task<Connected> HangUntil(Loop& loop, Deadline deadline) {
  co_await loop.Sleep(deadline.at - loop.Now());
  co_return ConnectTimedOut();
}

Task<Connected> ConnectTo(FakeListener& listener, FakeStream::Options options) {
  if (listener.closed()) co_return ConnectionRefused();
  co_return std::unique_ptr<Stream>(listener.Connect(options));
}

}  // namespace

base::Error ConnectionRefused() {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream cannot be reached. Try again later.",
          .detail = "connect: Connection refused"};
}

Task<Connected> FakeListener::Accept() {
  while (!closed_ && backlog_.empty()) co_await arrived_.Wait(Deadline::Never());
  if (closed_) co_return ListenerClosed();
  auto stream = std::move(backlog_.front());
  backlog_.pop_front();
  co_return std::move(stream);
}

void FakeListener::Close() {
  closed_ = true;
  backlog_.clear();
  arrived_.Set();
}

std::unique_ptr<FakeStream> FakeListener::Connect(FakeStream::Options options) {
  auto pair = FakeStream::Connect(loop_, options);
  Offer(std::move(pair.far));
  return std::move(pair.near);
}

void FakeListener::Offer(std::unique_ptr<Stream> stream) {
  if (closed_) return;
  backlog_.push_back(std::move(stream));
  arrived_.Set();
}

Task<Connected> FakeConnector::Connect(Endpoint endpoint, Deadline deadline) {
  const auto key = KeyOf(endpoint);
  ++attempts_[key];
  const auto script = scripts_.find(key);
  if (script == scripts_.end()) return RefuseConnection();
  return script->second(deadline);
}

void FakeConnector::Route(const Endpoint& endpoint, FakeListener& listener, FakeStream::Options options) {
  SetScript(endpoint, [&listener, options](Deadline) { return ConnectTo(listener, options); });
}

void FakeConnector::Refuse(const Endpoint& endpoint) {
  SetScript(endpoint, [](Deadline) { return RefuseConnection(); });
}

void FakeConnector::Hang(const Endpoint& endpoint) {
  SetScript(endpoint, [this](Deadline deadline) { return HangUntil(loop_, deadline); });
}

void FakeConnector::SetScript(const Endpoint& endpoint, Script script) {
  scripts_.insert_or_assign(KeyOf(endpoint), std::move(script));
}

std::size_t FakeConnector::attempts(const Endpoint& endpoint) const {
  const auto found = attempts_.find(KeyOf(endpoint));
  return found == attempts_.end() ? 0 : found->second;
}

}  // namespace gatehouse::net::fake
