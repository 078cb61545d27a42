#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "base/published.h"
#include "features/oversight/stop.h"
#include "net/handoff.h"
#include "net/interruptible.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::oversight {

// What a stop has ended so far in one process.
struct HaltTally {
  std::atomic<std::uint64_t> exchanges = 0;
};

// How a stop comes into force in one process. Shared by the loops; whoever still has something to end for it holds it,
// and the last one says that all is done.
class Halting {
 public:
  struct Done {};

  explicit Halting(net::Handoff<Done>::Sender done) : done_(std::move(done)) {}
  Halting(const Halting&) = delete;
  Halting& operator=(const Halting&) = delete;
  ~Halting() { done_.Send({}); }

 private:
  net::Handoff<Done>::Sender done_;
};

class LoopStops;

// One exchange under way, until nothing of it is left that could be ended. Belongs to its loop; dropping it takes it
// from the others.
class Flight final : private net::Deferral {
 public:
  // Both outlive it.
  Flight(LoopStops& stops, const pipeline::Exchange& exchange);
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() override;

  // Awaits what the task comes to; nullopt when the exchange was ended meanwhile, and the task with all that it did was
  // dropped. One at a time; the flight outlives it.
  template <class T>
  auto Until(net::Task<T> task) {
    return Held<T>(*this, std::move(task));
  }

  // Why it was ended; REQUIRES: it was.
  base::Error Why() const { return StoppedError(*stopped_); }
  const Stop* stopped() const { return stopped_.get(); }
  // Nothing of it is left: whoever counts may know.
  void Ended() { halting_.reset(); }

 private:
  friend class LoopStops;

  template <class T>
  class Held {
   public:
    Held(Flight& flight, net::Task<T> task) : flight_(flight), run_(std::move(task)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { Leave(); }

    bool await_ready() const { return flight_.stopped_ != nullptr; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
      flight_.held_ = &run_;
      return run_.await_suspend(waiter);
    }
    std::optional<T> await_resume() {
      if (flight_.held_ != &run_) return std::nullopt;  // it was not begun
      Leave();
      return run_.await_resume();
    }

   private:
    void Leave() {
      if (flight_.held_ == &run_) flight_.held_ = nullptr;
    }

    Flight& flight_;
    net::InterruptibleTask<T> run_;
  };

  // Ends what is under way where no exchange is in the middle of a step.
  void OnTurnEnd() override {
    if (held_ != nullptr) held_->Interrupt();
  }
  void Halt(const Stop& stop, std::shared_ptr<Halting> halting);

  LoopStops& stops_;
  const pipeline::Exchange& exchange_;
  net::Interruptible* held_ = nullptr;   // what is awaited now
  std::unique_ptr<const Stop> stopped_;  // rare, and large beside the rest
  std::shared_ptr<Halting> halting_;
  std::list<Flight*>::iterator place_;
};

// The exchanges of one loop, and the stops that they are held to. Belongs to its loop but for the counters.
class LoopStops {
 public:
  // Both outlive it.
  LoopStops(net::Loop& loop, const base::Published<StopTable>& table) : loop_(loop), table_(table) {}
  LoopStops(const LoopStops&) = delete;
  LoopStops& operator=(const LoopStops&) = delete;
  ~LoopStops() = default;

  net::Loop& loop() { return loop_; }
  const StopTable& table() { return *table_.Pin(); }
  // Ends what a stop in force concerns and was not ended before; how many those are.
  std::uint64_t Halt(const std::shared_ptr<Halting>& halting);
  std::size_t flights() const { return flights_.size(); }

 private:
  friend class Flight;

  net::Loop& loop_;
  base::Published<StopTable>::Reader table_;
  std::list<Flight*> flights_;
};

}  // namespace gatehouse::features::oversight
