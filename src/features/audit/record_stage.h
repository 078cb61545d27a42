#pragma once

#include <string_view>

#include "features/audit/record.h"
#include "pipeline/stage.h"

namespace gatehouse::features::audit {

// Records what was decided about an exchange before its upstream is asked, and waits until that is on the disk where
// the settings say so. No entry, no call, unless the operator said otherwise. Belongs to one loop.
class RecordStage final : public pipeline::Stage {
 public:
  // For the disk, where the settings are strict. A disk that takes longer hangs no request: it is refused.
  static constexpr base::Duration kLongestWait = std::chrono::seconds(5);

  // `record` outlives the stage.
  explicit RecordStage(LoopRecord& record) : record_(record) {}

  std::string_view Name() const override { return "record"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  net::Task<base::Status> StartDurably(pipeline::Exchange& exchange) const;
  net::Task<base::Result<pipeline::Reply>> WaitAndServe(pipeline::Exchange& exchange, pipeline::Next next) const;
  bool IsRefused(const base::Status& recorded) const;

  LoopRecord& record_;
};

}  // namespace gatehouse::features::audit
