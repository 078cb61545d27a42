#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/config_witness.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "base/result.h"
#include "features/audit/record.h"
#include "features/audit/witness_client.h"
#include "features/audit/witness_handler.h"
#include "http/server.h"
#include "net/epoll_loop.h"
#include "record/log/files.h"
#include "record/log/log_writer.h"

namespace gatehouse::app {

// Those who witness this gateway's log, and this gateway as a witness of others. Owned by the RecordHouse. Owns a loop
// and its thread, on which all of it happens, for it reads and writes files; dropping it ends both.
class WitnessHouse {
 public:
  struct Settings {
    std::vector<WitnessConfig> witnesses;
    std::optional<WitnessServiceConfig> service;
    base::Duration interval = std::chrono::seconds(1);  // between two heads that are cosigned
  };
  // `files`, `clock` and `log` outlive it. `folder` is that of the gateway's own log.
  static base::Result<std::unique_ptr<WitnessHouse>> Open(Settings settings, std::string folder,
                                                          record::log::Files& files, const base::Clock& clock,
                                                          const base::Log& log);
  WitnessHouse(const WitnessHouse&) = delete;
  WitnessHouse& operator=(const WitnessHouse&) = delete;
  ~WitnessHouse();

  // Before the log is opened for writing: kConflict where a witness has seen a longer or another log. Who does not
  // answer in time is asked again later.
  base::Status Compare(const std::string& origin);
  // Begins to have heads cosigned, and to cosign. Both outlive it.
  void Start(record::log::LogWriter& writer, features::audit::Record& record, std::string origin);

  // A witness has been found to contradict the log: nothing more is to be done in its name.
  bool is_contradicted() const { return contradicted_.load(std::memory_order_relaxed); }
  // What the operator should know; "" when all is well.
  std::string Problem() const;
  // Entries of the head that so many witnesses have cosigned: all of them.
  std::uint64_t witnessed_size() const;
  std::uint16_t port() const { return port_; }

 private:
  using Standing = features::audit::WitnessAnswer::Standing;
  // A witness, and what is known of it.
  struct Peer {
    features::audit::WitnessClient client;
    std::string name;
    enum class Compared : std::uint8_t { kNo, kYes } compared = Compared::kNo;
    Standing standing = Standing::kCurrent;  // guarded by mutex_, as is what follows
    std::string problem;
    std::uint64_t size = 0;
  };

  WitnessHouse(Settings settings, std::string folder, record::log::Files& files, const base::Clock& clock,
               const base::Log& log);
  base::Status OpenService(const base::Clock& clock);
  net::Task<> Follow(Peer& peer);
  net::Task<> CompareOne(Peer& peer, std::string origin);
  net::Task<base::Status> CompareAll(std::string origin);
  void Note(Peer& peer, const features::audit::WitnessAnswer& answer);

  const Settings settings_;
  const std::string folder_;
  record::log::Files& files_;
  const base::Log& log_;
  net::EpollLoop loop_;
  Upstreams upstreams_;
  http::Fetcher fetcher_;  // uses upstreams_
  std::vector<std::unique_ptr<Peer>> peers_;
  record::log::LogWriter* writer_ = nullptr;
  features::audit::Record* record_ = nullptr;
  std::string origin_;
  std::unique_ptr<record::log::Witness> witness_;  // null: this gateway is none
  std::unique_ptr<features::audit::WitnessHandler> handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<net::Listener> listener_;  // until Start()
  std::uint16_t port_ = 0;
  std::atomic<bool> contradicted_ = false;
  mutable std::mutex mutex_;
  std::optional<net::TaskGroup> tasks_;  // of the thread
  std::thread thread_;
};

}  // namespace gatehouse::app
