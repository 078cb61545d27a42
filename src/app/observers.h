#pragma once

#include <utility>
#include <vector>

#include "pipeline/observer.h"

namespace gatehouse::app {

// Tells several observers of one loop, in their order. They outlive it.
class Observers final : public pipeline::ExchangeObserver {
 public:
  explicit Observers(std::vector<pipeline::ExchangeObserver*> all) : all_(std::move(all)) {}

  void Began(pipeline::Surface surface) override {
    for (auto* observer : all_) observer->Began(surface);
  }
  void Ended(const pipeline::ExchangeEnd& end) override {
    for (auto* observer : all_) observer->Ended(end);
  }

 private:
  std::vector<pipeline::ExchangeObserver*> all_;
};

}  // namespace gatehouse::app
