#include "features/oversight/loop_stops.h"

#include <memory>
#include <utility>

namespace gatehouse::features::oversight {

Flight::Flight(LoopStops& stops, const pipeline::Exchange& exchange)
    : stops_(stops), exchange_(exchange), place_(stops.flights_.insert(stops.flights_.end(), this)) {}

Flight::~Flight() { stops_.flights_.erase(place_); }

void Flight::Halt(const Stop& stop, std::shared_ptr<Halting> halting) {
  stopped_ = std::make_unique<const Stop>(stop);
  halting_ = std::move(halting);
  Schedule(stops_.loop());
}

std::uint64_t LoopStops::Halt(const std::shared_ptr<Halting>& halting) {
  std::uint64_t halted = 0;
  for (Flight* flight : flights_) {
    if (flight->stopped_) continue;
    const Stop* stop = table().Find(flight->exchange_);
    if (stop == nullptr) continue;
    flight->Halt(*stop, halting);
    ++halted;
  }
  return halted;
}

}  // namespace gatehouse::features::oversight
