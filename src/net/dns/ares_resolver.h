#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/dns/resolver.h"
#include "net/epoll_loop.h"

namespace gatehouse::net::dns {

// Asks the system's name servers (resolv.conf, its search list included) for A and AAAA records, after /etc/hosts, by
// c-ares, whose sockets and time-outs live on the loop. Does not cache. Dropping a task abandons its query.
class AresResolver final : public Resolver {
 public:
  struct Options {
    std::string servers;  // "192.0.2.53:5353,[2001:db8::53]:53"; empty: the system's
    std::chrono::milliseconds try_timeout = std::chrono::seconds(2);  // for the first try; later ones wait longer
    int tries = 3;                                                    // per server
  };

  // kInvalidRequest when the servers are malformed, kInternal when c-ares cannot start.
  static base::Result<std::unique_ptr<AresResolver>> Create(EpollLoop& loop, const Options& options);
  ~AresResolver() override;

  Task<base::Result<Answer>> Resolve(std::string name, Deadline deadline) override;

 private:
  class Channel;
  explicit AresResolver(std::unique_ptr<Channel> channel);
  std::unique_ptr<Channel> channel_;
};

}  // namespace gatehouse::net::dns
