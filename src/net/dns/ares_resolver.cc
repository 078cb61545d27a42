#include "net/dns/ares_resolver.h"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace gatehouse::net::dns {

namespace {

constexpr std::size_t kMaxName = 254;  // RFC 1035 section 2.3.4, with the final dot

// One lookup, shared by the one who waits and c-ares, which cannot forget a single query.
struct Query {
  explicit Query(Loop& loop) : done(loop) {}
  Event done;
  int status = ARES_ECANCELLED;
  Answer answer;
};

Answer AnswerOf(const ares_addrinfo& result) {
  Answer answer;
  int time_to_live = std::numeric_limits<int>::max();
  for (const auto* node = result.nodes; node != nullptr; node = node->ai_next) {
    const auto address = SocketAddress::FromKernel(node->ai_addr);
    if (!address) continue;
    answer.addresses.push_back(*address);
    time_to_live = std::min(time_to_live, node->ai_ttl);
  }
  answer.time_to_live = std::chrono::seconds(std::max(0, time_to_live));
  return answer;
}

void OnAnswer(void* argument, int status, int, ares_addrinfo* result) {
  const std::unique_ptr<std::shared_ptr<Query>> query(static_cast<std::shared_ptr<Query>*>(argument));
  (*query)->status = status;
  if (result != nullptr) {
    (*query)->answer = AnswerOf(*result);
    ares_freeaddrinfo(result);
  }
  (*query)->done.Set();
}

Task<base::Result<Answer>> WaitFor(std::shared_ptr<Query> query, std::string name, Deadline deadline) {
  const auto outcome = co_await query->done.Wait(deadline);
  if (outcome == Event::Outcome::kTimeout) co_return ResolveTimedOut(name);
  if (query->status != ARES_SUCCESS) co_return CannotResolve(name, ares_strerror(query->status));
  if (query->answer.addresses.empty()) co_return CannotResolve(name, "no address");
  co_return std::move(query->answer);
}

Task<base::Result<Answer>> RefuseName() { co_return CannotResolve("(malformed name)", "not a host name"); }

// Once in the process; c-ares needs it before the first channel.
int StartLibrary() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

}  // namespace

// A c-ares channel, its sockets' places in the loop and its next time-out.
class AresResolver::Channel final : private Timer {
 public:
  explicit Channel(EpollLoop& loop) : Timer(loop), loop_(loop) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() override {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  int Open(const Options& options) {
    if (const int status = StartLibrary(); status != ARES_SUCCESS) return status;
    ares_options wanted{};
    wanted.timeout = static_cast<int>(options.try_timeout.count());
    wanted.tries = options.tries;
    wanted.sock_state_cb = OnSocketState;
    wanted.sock_state_cb_data = this;
    const int status =
        ares_init_options(&channel_, &wanted, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS || options.servers.empty()) return status;
    return ares_set_servers_ports_csv(channel_, options.servers.c_str());
  }

  Task<base::Result<Answer>> Ask(std::string name, Deadline deadline) {
    auto query = std::make_shared<Query>(loop_);
    // The hosts file may be another one: see CARES_HOSTS in ares_getaddrinfo(3).
    const ares_addrinfo_hints hints{.ai_flags = ARES_AI_ENVHOSTS, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    auto argument = std::make_unique<std::shared_ptr<Query>>(query);
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, OnAnswer, argument.release());
    ArmTimer();
    return WaitFor(std::move(query), std::move(name), deadline);
  }

 private:
  struct Socket final : Pollable {
    Socket(Channel& owner, int number) : channel(owner), descriptor(number) {}
    // The socket may be gone, and this with it, when c-ares returns.
    void OnPoll(PollEvents events) override {
      channel.Process(events.readable ? descriptor : ARES_SOCKET_BAD, events.writable ? descriptor : ARES_SOCKET_BAD);
    }
    Channel& channel;
    int descriptor;
    EpollLoop::Token token;
  };

  static void OnSocketState(void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<Channel*>(self)->Watch(socket, readable, writable);
  }

  void Watch(int descriptor, int readable, int writable) {
    if (const auto found = sockets_.find(descriptor); found != sockets_.end()) {
      loop_.Remove(descriptor, found->second->token);
      sockets_.erase(found);
    }
    if (readable == 0 && writable == 0) return;
    auto socket = std::make_unique<Socket>(*this, descriptor);
    const auto interest = writable != 0 ? EpollLoop::Interest::kReadAndWrite : EpollLoop::Interest::kRead;
    // Without a place in the loop the query ends by its time-out.
    const auto token = loop_.Register(descriptor, *socket, interest, EpollLoop::Trigger::kLevel);
    if (!token) return;
    socket->token = *token;
    sockets_.emplace(descriptor, std::move(socket));
  }

  void Process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    ArmTimer();
  }

  void ArmTimer() {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) return Disarm();
    Arm(loop_.clock().Now() + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  }
  void OnTimer() override { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

  EpollLoop& loop_;
  ares_channel channel_ = nullptr;
  std::map<int, std::unique_ptr<Socket>> sockets_;
};

AresResolver::AresResolver(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
AresResolver::~AresResolver() = default;

base::Result<std::unique_ptr<AresResolver>> AresResolver::Create(EpollLoop& loop, const Options& options) {
  auto channel = std::make_unique<Channel>(loop);
  const int status = channel->Open(options);
  if (status == ARES_SUCCESS) return std::unique_ptr<AresResolver>(new AresResolver(std::move(channel)));
  if (options.servers.empty()) return base::Internal(std::string("c-ares: ") + ares_strerror(status));
  return base::InvalidRequest("The list of name servers is malformed.");
}

Task<base::Result<Answer>> AresResolver::Resolve(std::string name, Deadline deadline) {
  const bool malformed = name.empty() || name.size() > kMaxName || name.find('\0') != std::string::npos;
  if (malformed) return RefuseName();
  return channel_->Ask(std::move(name), deadline);
}

}  // namespace gatehouse::net::dns
