#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/key_value.h"
#include "store/redis/client.h"

namespace gatehouse::store::redis {

// A KeyValue on a Redis server that several gateways share. Its quantities are changed by scripts, which the server
// runs one at a time. One connection; belongs to its loop.
class RedisKeyValue final : public KeyValue, private Client::Events {
 public:
  // `prefix` stands before every key and channel: what belongs to one set of gateways. The rest as for Client.
  RedisKeyValue(net::Loop& loop, net::Connector& connector, net::Handshaker* tls, base::Random& random,
                ClientSettings settings, std::string prefix);
  ~RedisKeyValue() override;

  net::Task<base::Result<std::optional<std::string>>> Get(std::string key, net::Deadline deadline) override;
  net::Task<base::Result<Stored>> Set(Entry entry, net::Deadline deadline) override;
  net::Task<base::Status> Delete(std::string key, net::Deadline deadline) override;
  net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) override;
  net::Task<base::Result<Drawn>> Draw(Draft draft, net::Deadline deadline) override;
  net::Task<base::Result<std::int64_t>> Count(std::string key, std::int64_t amount, base::Duration window,
                                              net::Deadline deadline) override;
  net::Task<base::Status> Publish(std::string channel, std::string message, net::Deadline deadline) override;
  std::unique_ptr<Subscription> Subscribe(std::string channel, Listener& listener) override;
  Health health() const override { return client_.health(); }

 private:
  class Membership;
  struct Script {
    std::string_view text;
    std::string name;
  };

  net::Task<base::Result<codec::resp::Value>> Run(const Script& script, std::vector<std::string> arguments,
                                                  net::Deadline deadline);

  void OnMessage(const std::string& channel, std::string_view message) override;
  void OnInStep(const std::string& channel) override;
  void OnLost() override;

  net::Loop& loop_;
  const std::string prefix_;
  const Script take_;
  const Script draw_;
  const Script count_;
  std::multimap<std::string, Membership*> members_;  // by channel, prefix included
  Client client_;
};

}  // namespace gatehouse::store::redis
