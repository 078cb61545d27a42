#include "features/audit/witness_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "features/audit/witness_handler.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"
#include "record/log/fake/disk.h"
#include "record/log/log_writer.h"

namespace gatehouse::features::audit {
namespace {

namespace log = record::log;
namespace tlog = record::tlog;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Standing = WitnessAnswer::Standing;

constexpr const char* kOrigin = "log.example/1";

// The server of a witness, reached over connections in memory.
class Neighbour final : public net::Connector {
 public:
  Neighbour(net::fake::FakeLoop& loop, http::Handler& handler) : loop_(loop), server_(loop, {}, handler) {}
  http::Fetcher::PoolFor PoolFor() {
    return [this](const http::Origin& origin, const std::string&) {
      return std::make_shared<http::Pool>(loop_, *this, origin, http::PoolLimits{});
    };
  }
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint, net::Deadline) override {
    if (state == State::kDown) co_return net::fake::ConnectionRefused();
    auto pair = net::fake::FakeStream::Connect(loop_);
    if (state == State::kUp) {
      server_.Adopt(std::move(pair.far));
    } else {
      held_.push_back(std::move(pair.far));
    }
    co_return std::unique_ptr<net::Stream>(std::move(pair.near));
  }

  enum class State : std::uint8_t { kUp, kDown, kHanging } state = State::kUp;

 private:
  net::fake::FakeLoop& loop_;
  http::Server server_;
  std::vector<std::unique_ptr<net::Stream>> held_;  // never answered
};

class Witnessing : public ::testing::Test {
 protected:
  Witnessing() {
    Write("first");
    std::vector<tlog::VerifierKey> keys = Keys();
    handler_.emplace(witness_, WitnessHandler::Logs{{kOrigin, keys}},
                     [this](const std::string& origin) { alarms_.push_back(origin); });
    neighbour_.emplace(loop_, *handler_);
    fetcher_.emplace(neighbour_->PoolFor());
    Forget();
  }
  // An entry, under a published head.
  void Write(const std::string& entry) {
    log::LogOptions options;
    options.folder = "/log";
    options.origin = kOrigin;
    auto writer = log::LogWriter::Open(options, disk_, base::SystemClock());
    ASSERT_TRUE(writer.ok()) << writer.error().public_message;
    ASSERT_TRUE(writer.value()->Append(entry, log::Durability::kGroup).ok());
  }
  std::vector<tlog::VerifierKey> Keys() { return log::LogReader::Open(disk_, "/log").value().keys(); }
  std::uint64_t Size() { return log::LogReader::Open(disk_, "/log").value().head().size; }
  // The folder as it is, and put back.
  std::vector<std::pair<std::string, std::string>> Copy() {
    std::vector<std::pair<std::string, std::string>> copy;
    for (const std::string& path : disk_.Paths()) {
      if (path.starts_with("/log/")) copy.emplace_back(path, disk_.Read(path).value());
    }
    return copy;
  }
  void PutBack(const std::vector<std::pair<std::string, std::string>>& copy) {
    for (const std::string& path : disk_.Paths()) {
      if (path.starts_with("/log/") && !path.ends_with("/lock")) EXPECT_TRUE(disk_.Remove(path).ok());
    }
    for (const auto& [path, bytes] : copy) disk_.Overwrite(path, bytes);
  }
  // The client of a process that starts anew.
  void Forget() {
    client_.emplace(
        loop_, *fetcher_, disk_, "/log",
        WitnessPeer{
            .url = "http://127.0.0.1:1", .key = key_.verifier(), .trust = {.plaintext = http::Plaintext::kOnLoopback}});
  }
  WitnessAnswer Ask() { return loop_.AwaitFor(client_->Ask(Size()), std::chrono::minutes(1)).value(); }
  WitnessAnswer Compare() { return loop_.AwaitFor(client_->Compare(kOrigin), std::chrono::minutes(1)).value(); }

  log::fake::Disk disk_;
  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  tlog::SignerKey key_ = tlog::SignerKey::Generate("witness.example/1", tlog::SignatureType::kCosignature);
  log::Witness witness_{disk_, clock_, "/witness", key_};
  std::vector<std::string> alarms_;
  std::optional<WitnessHandler> handler_;
  std::optional<Neighbour> neighbour_;
  std::optional<http::Fetcher> fetcher_;
  std::optional<WitnessClient> client_;
};

TEST_F(Witnessing, HasEachHeadCosigned) {
  EXPECT_EQ(Compare().standing, Standing::kCurrent) << "nothing was seen yet";
  for (int i = 0; i < 3; ++i) {
    const WitnessAnswer answer = Ask();
    ASSERT_EQ(answer.standing, Standing::kCurrent) << answer.problem;
    EXPECT_EQ(answer.size, Size());
    const auto note = tlog::ParseNote(disk_.Read("/log/checkpoint").value() + answer.line).value();
    EXPECT_EQ(tlog::VerifySignatures(note, {&key_.verifier(), 1}).value().size(), 1U);
    Write("entry " + std::to_string(i));
    if (i == 1) Forget();  // and is told where the witness is
  }
  Forget();
  EXPECT_EQ(Compare().standing, Standing::kCurrent);
  EXPECT_THAT(alarms_, IsEmpty());
}

TEST_F(Witnessing, FindsThatTheLogWasWoundBack) {
  const auto old = Copy();
  Write("second");
  ASSERT_EQ(Ask().standing, Standing::kCurrent);
  PutBack(old);
  EXPECT_EQ(Ask().standing, Standing::kContradicts) << "while it runs";
  Forget();
  EXPECT_EQ(Ask().standing, Standing::kContradicts) << "the witness says so";
  Forget();
  const WitnessAnswer answer = Compare();
  EXPECT_EQ(answer.standing, Standing::kContradicts);
  EXPECT_THAT(answer.problem, HasSubstr("wound back"));
}

TEST_F(Witnessing, FindsThatTheLogWasForked) {
  const auto old = Copy();
  Write("second");
  ASSERT_EQ(Ask().standing, Standing::kCurrent);
  PutBack(old);
  Write("another second");
  Write("third");
  Forget();
  const WitnessAnswer answer = Compare();
  EXPECT_EQ(answer.standing, Standing::kContradicts);
  EXPECT_THAT(answer.problem, HasSubstr("forked"));
  EXPECT_THAT(alarms_, IsEmpty());
  Forget();
  EXPECT_EQ(Ask().standing, Standing::kContradicts);
  EXPECT_THAT(alarms_, ElementsAre(kOrigin));
}

TEST_F(Witnessing, FindsThatAnotherLogTookTheName) {
  ASSERT_EQ(Ask().standing, Standing::kCurrent);
  PutBack({});
  Forget();
  EXPECT_EQ(Compare().standing, Standing::kContradicts) << "there is nothing where there was a log";
  for (const char* entry : {"first", "second", "third"}) Write(entry);
  EXPECT_EQ(Compare().standing, Standing::kContradicts) << "it is longer, and signed with another key";
  EXPECT_EQ(Ask().standing, Standing::kStranger);
}

TEST_F(Witnessing, DoesNotBelieveWhoIsNotTheWitness) {
  ASSERT_EQ(Ask().standing, Standing::kCurrent);
  key_ = tlog::SignerKey::Generate("witness.example/1", tlog::SignatureType::kCosignature);
  Forget();
  EXPECT_EQ(Compare().standing, Standing::kSilent);
  Write("second");
  EXPECT_EQ(Ask().standing, Standing::kSilent);
}

TEST_F(Witnessing, ShowsNobodyWhatMayNotBeOnTheDisk) {
  const auto answer = loop_.AwaitFor(client_->Ask(Size() - 1), std::chrono::minutes(1)).value();
  EXPECT_EQ(answer.standing, Standing::kCurrent);
  EXPECT_EQ(answer.line, "");
  EXPECT_FALSE(witness_.Last(kOrigin).value().has_value());
}

TEST_F(Witnessing, WaitsForNobodyForLong) {
  for (const auto state : {Neighbour::State::kDown, Neighbour::State::kHanging}) {
    neighbour_->state = state;
    const base::TimePoint before = clock_.Now();
    EXPECT_EQ(Compare().standing, Standing::kSilent);
    EXPECT_EQ(Ask().standing, Standing::kSilent);
    EXPECT_LE(clock_.Now() - before, std::chrono::seconds(11));
  }
  neighbour_->state = Neighbour::State::kUp;
  EXPECT_EQ(Ask().standing, Standing::kCurrent);
}

TEST_F(Witnessing, AnswersAsTheProtocolSays) {
  const auto post = [&](std::string path, std::string body, std::string_view method = "POST") {
    auto sent = loop_.AwaitFor(
        fetcher_->Send({.plaintext = http::Plaintext::kOnLoopback}, "http://127.0.0.1:1" + path,
                       {.method = method, .headers = {}, .body = std::move(body)}, loop_.In(std::chrono::seconds(5))),
        std::chrono::minutes(1));
    return sent.value().value();
  };
  ASSERT_EQ(Ask().standing, Standing::kCurrent);
  const std::string note = disk_.Read("/log/checkpoint").value();
  const auto known = post("/add-checkpoint", "old 1\n\n" + note);
  EXPECT_EQ(known.head.status, 409);
  EXPECT_EQ(known.head.headers.Find("content-type"), "text/x.tlog.size");
  EXPECT_EQ(known.body, std::to_string(Size()) + "\n");
  EXPECT_EQ(post("/add-checkpoint", "nonsense").head.status, 400);
  EXPECT_EQ(post("/add-checkpoint", "old 900\n\n" + note).head.status, 400);
  const tlog::SignerKey stranger = tlog::SignerKey::Generate(kOrigin, tlog::SignatureType::kEd25519);
  const std::string text = note.substr(0, note.find("\n\n") + 1);
  EXPECT_EQ(post("/add-checkpoint", "old 0\n\n" + text + "\n" + stranger.SignNote(text)).head.status, 403);
  const tlog::SignerKey other = tlog::SignerKey::Generate("log.example/2", tlog::SignatureType::kEd25519);
  const std::string of_other = "log.example/2" + text.substr(text.find('\n'));
  EXPECT_EQ(post("/add-checkpoint", "old 0\n\n" + of_other + "\n" + other.SignNote(of_other)).head.status, 404);
  EXPECT_EQ(post("/add-checkpoint", std::string(100'000, 'x')).head.status, 413);
  EXPECT_EQ(post("/add-checkpoint", "", "GET").head.status, 405);
  EXPECT_EQ(post("/00ff/checkpoint", "", "GET").head.status, 404);
}

}  // namespace
}  // namespace gatehouse::features::audit
