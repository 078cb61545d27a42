#include "net/signal_source.h"

#include <sys/signalfd.h>

#include <utility>

#include "base/check.h"

namespace gatehouse::net {

SignalSource::SignalSource(EpollLoop& loop, std::initializer_list<int> signals, Handler handler)
    : loop_(loop), handler_(std::move(handler)) {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : signals) sigaddset(&mask, signal);
  GH_CHECK(pthread_sigmask(SIG_BLOCK, &mask, &former_mask_) == 0);
  signals_.Reset(signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  GH_CHECK(signals_);
  const auto token = loop_.Register(signals_.get(), *this, EpollLoop::Interest::kRead, EpollLoop::Trigger::kLevel);
  GH_CHECK(token);
  token_ = *token;
}

SignalSource::~SignalSource() {
  loop_.Unregister(token_);
  signals_.Reset(-1);
  pthread_sigmask(SIG_SETMASK, &former_mask_, nullptr);
}

void SignalSource::OnPoll(PollEvents) {
  signalfd_siginfo arrived{};
  if (read(signals_.get(), &arrived, sizeof arrived) == sizeof arrived) handler_(static_cast<int>(arrived.ssi_signo));
}

}  // namespace gatehouse::net
