#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "net/dns/resolver.h"

namespace gatehouse::net::dns {

// Remembers another resolver's answers for their time to live, within bounds, and failures for a short while. Who asks
// for a name that is being looked up waits for that lookup; dropping one who waits does not cancel it for the others.
// An expired answer is used again when its renewal fails, for a bounded time (RFC 8767 in spirit): a broken name server
// does not take working upstreams down with it.
class CachingResolver final : public Resolver {
 public:
  struct Options {
    base::Duration min_time_to_live = std::chrono::seconds(1);
    base::Duration max_time_to_live = std::chrono::minutes(5);
    base::Duration failure_time_to_live = std::chrono::seconds(5);
    base::Duration max_stale = std::chrono::minutes(10);
    base::Duration lookup_limit = std::chrono::seconds(10);  // of one lookup, however long its askers would wait
    std::size_t max_names = 1024;
  };

  // `upstream` outlives it.
  CachingResolver(Loop& loop, Resolver& upstream, Options options);
  CachingResolver(Loop& loop, Resolver& upstream) : CachingResolver(loop, upstream, Options{}) {}
  CachingResolver(const CachingResolver&) = delete;
  CachingResolver& operator=(const CachingResolver&) = delete;
  ~CachingResolver() override;

  Task<base::Result<Answer>> Resolve(std::string name, Deadline deadline) override;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry;
  Task<> Renew(std::shared_ptr<Entry> entry, std::string name);
  void Keep(Entry& entry, base::Result<Answer> outcome) const;
  void MakeRoom();
  static Task<base::Result<Answer>> WaitFor(std::shared_ptr<Entry> entry, Loop& loop, std::string name,
                                            Deadline deadline);

  Loop& loop_;
  Resolver& upstream_;
  Options options_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  TaskGroup lookups_;  // last: its tasks refer to the rest
};

}  // namespace gatehouse::net::dns
