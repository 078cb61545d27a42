#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/resp/resp.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::store::redis {

struct ClientSettings {
  net::Endpoint endpoint;
  std::string username;   // of the server's ACL; "" for its default user
  base::Secret password;  // "" for none
  std::uint32_t database = 0;
  base::Duration connect_timeout = std::chrono::seconds(2);  // with TLS and login
  base::Duration silence = std::chrono::seconds(2);          // without an answer, after which a connection is given up
  base::Duration idle = std::chrono::seconds(5);             // after which the server is asked whether it is there
  base::Duration least_pause = std::chrono::milliseconds(50);  // before connecting again; doubles
  base::Duration longest_pause = std::chrono::seconds(2);
  std::size_t max_waiting = 4096;  // requests, sent or not, beyond which more are refused
  std::size_t max_waiting_bytes = std::size_t{64} << 20U;
  codec::resp::Limits limits;
};

// One connection to a Redis server (6 or later: RESP3), kept up for ever, for all requests of one loop: they are sent
// in their order without waiting for each other's answers. Belongs to its loop; dropping it drops the connection.
// While the server is known to be away, requests fail at once; the first ones wait for the first connection. Outlives
// the tasks it gave out.
class Client {
 public:
  // `connector`, `tls` (null: plaintext), `random` and whatever `settings` refer to outlive it.
  Client(net::Loop& loop, net::Connector& connector, net::Handshaker* tls, base::Random& random,
         ClientSettings settings);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Whether a request that may have been done must be told from one that was not.
  enum class Effect : std::uint8_t { kReads, kWrites };
  // Its answer, which is no error. What the server refuses is kInternal with its words as detail.
  net::Task<base::Result<codec::resp::Value>> Call(std::span<const std::string_view> words, Effect effect,
                                                   net::Deadline deadline);

  // What comes of its own accord. Set before anything else is done.
  class Events {
   public:
    virtual ~Events() = default;
    virtual void OnMessage(const std::string& channel, std::string_view message) = 0;
    virtual void OnInStep(const std::string& channel) = 0;
    virtual void OnLost() = 0;
  };
  void SetEvents(Events& events) { events_ = &events; }
  void Subscribe(const std::string& channel);
  void Unsubscribe(const std::string& channel);

  // Thread-safe.
  Health health() const;

 private:
  // A request and its answer; shared by who waits and by the line it stands in.
  struct Request {
    explicit Request(net::Loop& loop) : arrived(loop) {}
    std::string bytes;
    std::optional<base::Result<codec::resp::Value>> answer;
    net::Event arrived;
    base::TimePoint sent_at{};
    enum class State : std::uint8_t { kWaiting, kSent, kLeft } state = State::kWaiting;
    enum class Answered : std::uint8_t { kByReply, kByPush } answered = Answered::kByReply;
  };
  using Line = std::deque<std::shared_ptr<Request>>;
  class Waiting;

  static net::Task<base::Result<codec::resp::Value>> Await(Client& client, std::shared_ptr<Request> request,
                                                           Effect effect, net::Deadline deadline);
  static net::Task<base::Result<codec::resp::Value>> Fail(base::Error error);
  void Submit(const std::shared_ptr<Request>& request);
  void Forget(Request& request);
  void SendSubscription(std::string_view word, std::string_view channel, Request::Answered answered);

  net::Task<> Run();
  net::Task<base::Status> Connect();
  net::Task<base::Status> LogIn(net::Deadline deadline);
  net::Task<base::Result<codec::resp::Value>> Ask(std::string command, net::Deadline deadline);
  net::Task<base::Error> Serve();
  net::Task<base::Error> ReadForever();
  net::Task<base::Error> WriteForever();
  std::optional<base::Error> Look();
  base::Status Take(codec::resp::Value value);
  void TakePush(const codec::resp::Value& push);
  void Disconnect(const base::Error& error);
  void SetHealth(Health health);

  net::Loop& loop_;
  net::Connector& connector_;
  net::Handshaker* tls_;
  base::Random& random_;
  const ClientSettings settings_;
  Events* events_ = nullptr;

  std::unique_ptr<net::Stream> stream_;
  std::optional<codec::resp::Decoder> decoder_;  // of the connection
  enum class State : std::uint8_t { kConnecting, kUp, kDown } state_ = State::kConnecting;
  std::string problem_;  // while it is down
  Line unsent_;
  Line sent_;
  std::size_t bytes_ = 0;  // of both lines
  net::Event wake_;        // the writer
  base::TimePoint heard_at_{};
  std::set<std::string, std::less<>> channels_;
  mutable std::mutex mutex_;
  Health health_;         // guarded by mutex_
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

}  // namespace gatehouse::store::redis
