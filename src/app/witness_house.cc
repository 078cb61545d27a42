#include "app/witness_house.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "app/config.h"
#include "base/secret.h"
#include "net/block_on.h"
#include "net/tcp_listener.h"
#include "record/tlog/note.h"

namespace gatehouse::app {
namespace {

using base::Result;
using base::Status;
using codec::json::FieldWriter;
using features::audit::WitnessAnswer;
using record::tlog::SignatureType;
using record::tlog::SignerKey;
using record::tlog::VerifierKey;

constexpr http::PoolLimits kPoolLimits = {.max_connections = 2, .max_waiting = 16, .max_idle = 1};
constexpr std::size_t kMostConnections = 256;
constexpr base::Duration kFirstPause = std::chrono::seconds(1);
constexpr base::Duration kLongestPause = std::chrono::seconds(30);

Result<SignerKey> ReadWitnessKey(const std::string& path) {
  GH_TRY(std::string text, ReadFile(path));
  while (text.ends_with('\n')) text.pop_back();
  auto key = SignerKey::Parse(base::Secret(std::move(text)));
  if (key.ok() && key.value().verifier().type() == SignatureType::kCosignature) return key;
  return base::InvalidRequest(
      "record.witness.key: " + path +
      " is not the key of a witness; make one: gatehouse audit witness new-key NAME --out FILE");
}

Result<features::audit::WitnessHandler::Logs> LogsOf(const std::vector<std::string>& keys) {
  features::audit::WitnessHandler::Logs logs;
  for (const std::string& text : keys) {
    GH_TRY(VerifierKey key, VerifierKey::Parse(text));
    logs[key.name()].push_back(std::move(key));
  }
  return logs;
}

std::string_view Word(WitnessAnswer::Standing standing) {
  switch (standing) {
    case WitnessAnswer::Standing::kCurrent: return "current";
    case WitnessAnswer::Standing::kSilent: return "silent";
    case WitnessAnswer::Standing::kStranger: return "stranger";
    case WitnessAnswer::Standing::kContradicts: return "contradicts";
  }
  return "";
}

}  // namespace

WitnessHouse::WitnessHouse(Settings settings, std::string folder, record::log::Files& files, const base::Clock& clock,
                           const base::Log& log)
    : settings_(std::move(settings)),
      folder_(std::move(folder)),
      files_(files),
      log_(log),
      loop_(clock),
      upstreams_(loop_, log),
      fetcher_(upstreams_.PoolsForFetching(kPoolLimits)) {}

Result<std::unique_ptr<WitnessHouse>> WitnessHouse::Open(Settings settings, std::string folder,
                                                         record::log::Files& files, const base::Clock& clock,
                                                         const base::Log& log) {
  std::unique_ptr<WitnessHouse> self(new WitnessHouse(std::move(settings), std::move(folder), files, clock, log));
  for (const WitnessConfig& witness : self->settings_.witnesses) {
    GH_TRY(VerifierKey key, VerifierKey::Parse(witness.key));
    std::string name = key.name();
    self->peers_.push_back(
        std::make_unique<Peer>(Peer{.client = {self->loop_,
                                               self->fetcher_,
                                               files,
                                               self->folder_,
                                               {.url = witness.url,
                                                .key = std::move(key),
                                                .trust = {.plaintext = witness.plaintext, .ca_file = witness.ca_file},
                                                .timeout = witness.timeout}},
                                    .name = std::move(name)}));
  }
  if (self->settings_.service) GH_CHECK_OK(self->OpenService(clock));
  return self;
}

Status WitnessHouse::OpenService(const base::Clock& clock) {
  const WitnessServiceConfig& service = *settings_.service;
  GH_TRY(SignerKey key, ReadWitnessKey(service.key_file));
  GH_TRY(auto logs, LogsOf(service.logs));
  const std::string state = service.state.empty() ? folder_ + ".witness" : service.state;
  witness_ = std::make_unique<record::log::Witness>(files_, clock, state, std::move(key));
  handler_ =
      std::make_unique<features::audit::WitnessHandler>(*witness_, std::move(logs), [this](const std::string& origin) {
        log_.Error("a log that this gateway witnesses was wound back or forked; it is not cosigned", {{"log", origin}});
        record_->Note("witness.refused", [&](FieldWriter& entry) { entry.Text(R"(,"log":)", origin); });
      });
  const auto address = net::SocketAddress::Parse(service.address, service.port);
  if (!address) return base::InvalidRequest("record.witness: " + service.address + " is not an IP address");
  GH_TRY(listener_, net::TcpListener::Listen(loop_, *address, {.max_connections = kMostConnections}));
  port_ = listener_->port();
  server_ = std::make_unique<http::Server>(loop_, http::ServerLimits{.max_connections = kMostConnections}, *handler_);
  return base::Ok();
}

WitnessHouse::~WitnessHouse() {
  if (!thread_.joinable()) return;
  loop_.Post([this] {
    tasks_.reset();
    server_.reset();
    loop_.Stop();
  });
  thread_.join();
}

net::Task<> WitnessHouse::CompareOne(Peer& peer, std::string origin) {
  const WitnessAnswer answer = co_await peer.client.Compare(std::move(origin));
  if (answer.standing == Standing::kCurrent) peer.compared = Peer::Compared::kYes;
  Note(peer, answer);
}

net::Task<Status> WitnessHouse::CompareAll(std::string origin) {
  net::TaskGroup group(loop_);
  for (const auto& peer : peers_) group.Spawn(CompareOne(*peer, origin));
  co_await group.Drained(net::Deadline::Never());
  for (const auto& peer : peers_) {
    if (peer->standing != Standing::kContradicts) continue;
    co_return base::Error{.code = base::ErrorCode::kConflict,
                          .source = base::ErrorSource::kGateway,
                          .public_message = "The witness " + peer->name + " contradicts it: " + peer->problem + "."};
  }
  co_return base::Ok();
}

Status WitnessHouse::Compare(const std::string& origin) {
  auto compared = net::BlockOn(loop_, CompareAll(origin));
  return compared ? *std::move(compared) : Status(base::Internal("the start was interrupted"));
}

void WitnessHouse::Start(record::log::LogWriter& writer, features::audit::Record& record, std::string origin) {
  writer_ = &writer;
  record_ = &record;
  origin_ = std::move(origin);
  thread_ = std::thread([this] {
    tasks_.emplace(loop_);
    if (server_ != nullptr) tasks_->Spawn(server_->Run(std::move(listener_)));
    for (const auto& peer : peers_) tasks_->Spawn(Follow(*peer));
    loop_.Run();
  });
}

// A head that was cosigned is not asked about again. Who does not answer is asked ever more seldom.
net::Task<> WitnessHouse::Follow(Peer& peer) {
  base::Duration pause = settings_.interval;
  for (;;) {
    co_await loop_.Sleep(pause);
    if (peer.compared == Peer::Compared::kNo) co_await CompareOne(peer, origin_);
    if (peer.standing == Standing::kContradicts) co_return;
    const std::uint64_t durable_size = writer_->state().checkpoint_size;
    if (peer.compared == Peer::Compared::kYes && peer.size != durable_size) {
      const WitnessAnswer answer = co_await peer.client.Ask(durable_size);
      if (!answer.line.empty()) writer_->AddCosignature(answer.size, answer.line);
      Note(peer, answer);
    }
    pause =
        peer.standing == Standing::kCurrent ? settings_.interval : std::clamp(2 * pause, kFirstPause, kLongestPause);
  }
}

// What changed is on record.
void WitnessHouse::Note(Peer& peer, const WitnessAnswer& answer) {
  const bool changed = peer.standing != answer.standing;
  {
    const std::scoped_lock lock(mutex_);
    peer.standing = answer.standing;
    peer.problem = answer.problem;
    if (!answer.line.empty()) peer.size = answer.size;
  }
  if (answer.standing == Standing::kContradicts) contradicted_.store(true, std::memory_order_relaxed);
  if (!changed) return;
  if (answer.standing == Standing::kCurrent) {
    log_.Info("a witness of the record answers again", {{"witness", peer.name}});
  } else {
    log_.Error("a witness of the record does not cosign it", {{"witness", peer.name}, {"problem", answer.problem}});
  }
  if (record_ == nullptr) return;
  record_->Note("witness.standing", [&](FieldWriter& entry) {
    entry.Text(R"(,"witness":)", peer.name);
    entry.Word(R"(,"standing":)", Word(answer.standing));
  });
}

std::string WitnessHouse::Problem() const {
  if (!is_contradicted()) return {};
  const std::scoped_lock lock(mutex_);
  std::string problem;
  for (const auto& peer : peers_) {
    if (peer->standing != Standing::kContradicts) continue;
    problem.append(problem.empty() ? "" : "; ").append("the witness ").append(peer->name).append(" contradicts it: ");
    problem.append(peer->problem);
  }
  return problem;
}

std::uint64_t WitnessHouse::witnessed_size() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t size = std::numeric_limits<std::uint64_t>::max();
  for (const auto& peer : peers_) size = std::min(size, peer->size);
  return peers_.empty() ? 0 : size;
}

}  // namespace gatehouse::app
