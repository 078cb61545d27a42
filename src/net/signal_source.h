#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>

#include "net/descriptor.h"
#include "net/epoll_loop.h"

namespace gatehouse::net {

// Delivers POSIX signals as calls on a loop. Blocks them in the calling thread, so make it in main() before any other
// thread starts: threads inherit the mask. The dropped source gives the thread its former mask back. One per signal and
// process.
class SignalSource final : private Pollable {
 public:
  using Handler = std::move_only_function<void(int signal)>;

  // `handler` runs on the loop, once per signal or for several of the same kind that came together; it does not drop
  // the source.
  SignalSource(EpollLoop& loop, std::initializer_list<int> signals, Handler handler);
  SignalSource(const SignalSource&) = delete;
  SignalSource& operator=(const SignalSource&) = delete;
  ~SignalSource();

 private:
  void OnPoll(PollEvents events) override;

  EpollLoop& loop_;
  sigset_t former_mask_;
  Descriptor signals_;  // signalfd
  EpollLoop::Token token_;
  Handler handler_;
};

}  // namespace gatehouse::net
