#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/alerts/channel.h"
#include "features/alerts/outbox.h"
#include "features/alerts/settings.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::alerts {

// What became of an alert. Of the call that tells it.
struct AlertNews {
  std::string_view what;  // "raised", "delivered", "given_up"
  const Alert& alert;
  std::string_view channel;   // of the last two
  std::int64_t attempts = 0;  // the same
};

using Channels = std::map<std::string, std::shared_ptr<Channel>, std::less<>>;

// Tells people what the gateway noticed: each event once among all gateways of a database, to every channel that a
// route sends it to, until the receiver has taken it or the time is over. What was taken on survives the process.
// Belongs to one loop; dropping it stops the attempts under way, which this or another gateway makes again.
class Dispatcher {
 public:
  // All outlive it.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    const base::Log& log;
    std::function<void(const AlertNews&)> witness{};  // on the loop; empty: nobody is told
  };
  explicit Dispatcher(Parts parts);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  ~Dispatcher() = default;

  // What a configuration says, from now on. `channels` are those of the settings.
  void Use(AlertSettings settings, Channels channels);

  // Has it told. What was told before is not told again; nothing waits. Beyond a bound of what waits for the database
  // it is dropped and counted.
  void Raise(common::Notice notice);

  // Sends a notice of that kind through one channel now, past the outbox. kNotFound for a channel that is not there.
  net::Task<base::Result<Attempted>> Test(std::string channel, std::string asked_by);

  struct Standing {
    std::string name;
    std::string_view kind;
    std::string target;
    std::uint64_t delivered = 0;  // by this process, as the rest
    std::uint64_t attempts_failed = 0;
    std::uint64_t given_up = 0;
    std::int64_t delivered_ms = 0;  // when last
    std::string problem;            // what the last attempt came to, where it failed; "" otherwise
  };
  std::vector<Standing> standings() const;
  // How many alerts this process took on, by kind.
  const std::map<std::string, std::uint64_t, std::less<>>& raised() const { return raised_; }
  std::uint64_t dropped() const { return dropped_; }
  Outbox& outbox() { return outbox_; }

  // How long until the next attempt, after that many; the share, from 0 to 1, is what chance says.
  static base::Duration PauseAfter(std::int64_t attempts, double share);

 private:
  // One channel, and what it is doing.
  struct Lane {
    Lane(net::Loop& loop, std::string channel_name, ChannelSettings channel_settings, std::shared_ptr<Channel> to)
        : name(std::move(channel_name)), settings(std::move(channel_settings)), channel(std::move(to)), arrived(loop) {}
    const std::string name;
    const ChannelSettings settings;
    const std::shared_ptr<Channel> channel;
    net::Event arrived;
    Standing standing;
    std::size_t at_once = 0;  // sends under way past the database
  };
  struct Memory {
    std::int64_t remind_ms = 0;  // not before
  };

  net::Task<> TakeOnForever();
  net::Task<base::Status> TakeOn(common::Notice notice);
  net::Task<base::Status> Remind(common::Notice notice);
  void TellAtOnce(const common::Notice& notice);
  net::Task<> SendOnce(std::shared_ptr<Lane> lane, Alert alert);
  net::Task<> Serve(std::shared_ptr<Lane> lane);
  net::Task<std::size_t> DeliverDue(std::shared_ptr<Lane> lane);
  net::Task<base::Status> Deliver(std::shared_ptr<Lane> lane, Outbox::Due due);
  net::Task<> CleanUpForever();
  Outbox::Outcome OutcomeOf(Lane& lane, const Outbox::Due& due, Attempted attempted);
  void NoteRaised(const Alert& alert);
  void Tell(const AlertNews& news) const {
    if (parts_.witness) parts_.witness(news);
  }
  Alert Named(common::Notice notice) const;
  std::int64_t NowMs() const;
  net::Deadline Soon() const;

  const Parts parts_;
  Outbox outbox_;
  AlertSettings settings_;
  std::map<std::string, std::shared_ptr<Lane>, std::less<>> lanes_;
  std::deque<common::Notice> waiting_;
  net::Event arrived_;
  std::unordered_map<std::string, Memory> told_;  // events that need not be asked for again; bounded
  std::map<std::string, std::uint64_t, std::less<>> raised_;
  std::uint64_t dropped_ = 0;
  net::TaskGroup taking_on_;
  net::TaskGroup telling_;
  std::unique_ptr<net::TaskGroup> serving_;  // of the settings in force; last: it uses the rest
};

}  // namespace gatehouse::features::alerts
