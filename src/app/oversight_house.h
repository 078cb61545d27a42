#pragma once

#include "admin/oversight_api.h"
#include "base/log.h"
#include "features/oversight/kill_switch.h"
#include "features/oversight/witness.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::audit {
class Record;
}

namespace gatehouse::app {

// Human oversight of this gateway: what people stopped. Owned by the Gateway, on its loop; outlives the other loops.
class OversightHouse {
 public:
  // All outlive it. `record` null: none is kept.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    const base::Log& log;
    features::audit::Record* record = nullptr;
  };
  explicit OversightHouse(Parts parts);

  features::oversight::KillSwitch& kill_switch() { return kill_switch_; }
  // What is stopped by the database: before anything is served.
  net::Task<base::Status> Load(net::Deadline deadline) { return kill_switch_.Refresh(deadline); }
  // Follows the database for ever.
  net::Task<> Follow(base::Duration interval) { return kill_switch_.Follow(interval, parts_.log); }

  admin::OversightServices services() { return {.kill_switch = kill_switch_}; }

 private:
  // Writes entries of the record, and lines of the log.
  class Recorder final : public features::oversight::Witness {
   public:
    explicit Recorder(const Parts& parts) : record_(parts.record), log_(parts.log) {}
    void NoteStop(const features::oversight::Stop& stop, const features::oversight::Halted& halted) override;
    void NoteLift(const features::oversight::Stop& stop) override;

   private:
    features::audit::Record* record_;
    const base::Log& log_;
  };

  const Parts parts_;
  Recorder recorder_;
  features::oversight::KillSwitch kill_switch_;
};

}  // namespace gatehouse::app
