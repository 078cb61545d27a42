#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/fake/fake_loop.h"
#include "net/fake/fake_stream.h"
#include "net/race.h"
#include "net/stream_contract.h"
#include "net/tls/context.h"
#include "net/tls/fake_authority.h"
#include "net/tls/tls_client.h"
#include "net/tls/tls_server.h"
#include "net/tls/tls_stream.h"

namespace gatehouse::net::tls {
namespace {

using namespace std::chrono_literals;
using fake::FakeStream;
using Handshaken = base::Result<std::unique_ptr<Stream>>;

const FakeAuthority& Authority() {
  static const FakeAuthority authority;
  return authority;
}

ServerOptions ServerDefaults() { return {.identities = {Authority().Issue()}}; }
ClientOptions ClientDefaults() { return {.authorities_pem = Authority().certificate_pem()}; }

Task<> KeepResult(Task<Handshaken> handshake, std::optional<Handshaken>& into) {
  into.emplace(co_await std::move(handshake));
}

struct Ends {
  std::optional<Handshaken> server;
  std::optional<Handshaken> client;
  bool ok() const { return server && server->ok() && client && client->ok(); }
  std::string Why() const { return Why(server) + " / " + Why(client); }
  static std::string Why(const std::optional<Handshaken>& end) {
    if (!end) return "unfinished";
    return end->ok() ? "ok" : end->error().detail;
  }
  Stream& at_server() { return *server->value(); }
  Stream& at_client() { return *client->value(); }
};

Task<> HandshakeBoth(Loop& loop, Handshaker& server, Handshaker& client, std::unique_ptr<Stream> far,
                     std::unique_ptr<Stream> near, std::string name, Ends& ends) {
  TaskGroup group(loop);
  group.Spawn(KeepResult(server.Handshake(std::move(far), "", loop.In(10s)), ends.server));
  group.Spawn(KeepResult(client.Handshake(std::move(near), std::move(name), loop.In(10s)), ends.client));
  co_await group.Drained(Deadline::Never());
}

Task<> Exchange(Stream& from, Stream& to, std::string text) {
  const std::string_view piece = text;
  EXPECT_TRUE((co_await WriteAll(from, std::span(&piece, 1), Deadline::Never())).ok());
  std::string received;
  std::string buffer(1000, '\0');
  while (received.size() < text.size()) {
    const auto bytes = co_await ReadSome(to, std::span(buffer), Deadline::Never());
    EXPECT_TRUE(bytes.ok());
    if (!bytes.ok() || bytes.value() == 0) co_return;
    received.append(buffer, 0, bytes.value());
  }
  EXPECT_EQ(received, text);
}

class TlsTest : public testing::Test {
 protected:
  // A fresh connection between `server` and `client`.
  Ends Shake(Handshaker& server, Handshaker& client, std::string name = "localhost", FakeStream::Options options = {}) {
    auto pair = FakeStream::Connect(loop_, options);
    Ends ends;
    EXPECT_TRUE(loop_.AwaitFor(
        HandshakeBoth(loop_, server, client, std::move(pair.far), std::move(pair.near), std::move(name), ends), 1min));
    return ends;
  }
  void Talk(Ends& ends) {
    EXPECT_TRUE(loop_.AwaitFor(Exchange(ends.at_client(), ends.at_server(), "ping"), 1min));
    EXPECT_TRUE(loop_.AwaitFor(Exchange(ends.at_server(), ends.at_client(), "pong"), 1min));
  }
  static std::unique_ptr<TlsServer> Server(const ServerOptions& options) {
    auto server = TlsServer::Create(options);
    EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().detail);
    return std::move(server).value();
  }
  static std::unique_ptr<TlsClient> Client(const ClientOptions& options) {
    auto client = TlsClient::Create(options);
    EXPECT_TRUE(client.ok()) << (client.ok() ? "" : client.error().detail);
    return std::move(client).value();
  }
  static bool Resumed(Ends& ends) { return static_cast<TlsStream&>(ends.at_client()).resumed(); }

  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
};

TEST_F(TlsTest, SpeaksTls13AndTellsAboutThePeer) {
  auto server = Server(ServerDefaults());
  auto client = Client({.authorities_pem = Authority().certificate_pem(), .alpn = {"spdy/1", "http/1.1"}});
  auto ends = Shake(*server, *client);
  ASSERT_TRUE(ends.ok()) << ends.Why();
  EXPECT_EQ(ends.at_server().peer().tls_version, "TLSv1.3");
  EXPECT_EQ(ends.at_server().peer().sni, "localhost");
  EXPECT_EQ(ends.at_server().peer().alpn, "http/1.1");
  EXPECT_EQ(ends.at_client().peer().alpn, "http/1.1");
  EXPECT_EQ(ends.at_server().peer().address, "192.0.2.7:51234");
  EXPECT_EQ(ends.at_server().peer().client_subject, "");
  Talk(ends);
}

TEST_F(TlsTest, TheServerPrefersItsFirstProtocol) {
  auto server = Server(ServerDefaults());
  auto client = Client({.authorities_pem = Authority().certificate_pem(), .alpn = {"http/1.1", "h2"}});
  auto ends = Shake(*server, *client);
  ASSERT_TRUE(ends.ok()) << ends.Why();
  EXPECT_EQ(ends.at_client().peer().alpn, "h2");
}

TEST_F(TlsTest, NoCommonProtocolFailsTheHandshake) {
  auto server = Server(ServerDefaults());
  auto client = Client({.authorities_pem = Authority().certificate_pem(), .alpn = {"spdy/1"}});
  auto ends = Shake(*server, *client);
  EXPECT_FALSE(ends.server->ok());
  EXPECT_FALSE(ends.client->ok());
}

TEST_F(TlsTest, WithoutAlpnNothingIsNegotiated) {
  auto server = Server(ServerDefaults());
  auto client = Client({.authorities_pem = Authority().certificate_pem(), .alpn = {}});
  auto ends = Shake(*server, *client);
  ASSERT_TRUE(ends.ok()) << ends.Why();
  EXPECT_EQ(ends.at_server().peer().alpn, "");
}

TEST_F(TlsTest, AnAddressIsComparedWithTheCertificatesAddresses) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  EXPECT_TRUE(Shake(*server, *client, "127.0.0.1").ok());
  auto ends = Shake(*server, *client, "127.0.0.2");
  ASSERT_FALSE(ends.client->ok());
  EXPECT_NE(ends.client->error().detail.find("IP address mismatch"), std::string::npos) << ends.client->error().detail;
}

struct BadCertificateCase {
  const char* name;
  FakeAuthority::Request request;
  const char* asked_for;
  const char* reason;
};

class BadCertificateTest : public TlsTest, public testing::WithParamInterface<BadCertificateCase> {};

TEST_P(BadCertificateTest, IsRefusedByTheClient) {
  auto server = Server({.identities = {Authority().Issue(GetParam().request)}});
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client, GetParam().asked_for);
  ASSERT_FALSE(ends.client->ok());
  EXPECT_NE(ends.client->error().detail.find(GetParam().reason), std::string::npos) << ends.client->error().detail;
  EXPECT_EQ(ends.client->error().public_message.find(GetParam().asked_for), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadCertificateTest,
    testing::Values(
        BadCertificateCase{"OtherName", {.alternative_names = "DNS:other.test"}, "api.test", "hostname mismatch"},
        BadCertificateCase{"CommonNameDoesNotCount",
                           {.common_name = "api.test", .alternative_names = "DNS:other.test"},
                           "api.test",
                           "hostname mismatch"},
        BadCertificateCase{"WildcardIsOneLabel", {.alternative_names = "DNS:*.test"}, "a.b.test", "hostname mismatch"},
        BadCertificateCase{"PartialWildcard", {.alternative_names = "DNS:a*.test"}, "api.test", "hostname mismatch"},
        BadCertificateCase{"Expired", {.alternative_names = "DNS:api.test", .valid_for = -1h}, "api.test", "expired"}),
    [](const auto& info) { return info.param.name; });

TEST_F(TlsTest, AWildcardCoversOneLabel) {
  auto server = Server({.identities = {Authority().Issue({.alternative_names = "DNS:*.example.test"})}});
  auto client = Client(ClientDefaults());
  EXPECT_TRUE(Shake(*server, *client, "api.example.test").ok());
  EXPECT_TRUE(Shake(*server, *client, "api.example.test.").ok());
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefused) {
  const FakeAuthority stranger("Stranger");
  auto server = Server({.identities = {stranger.Issue()}});
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client);
  ASSERT_FALSE(ends.client->ok());
  EXPECT_EQ(ends.client->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(ends.client->error().source, base::ErrorSource::kUpstream);
  EXPECT_FALSE(ends.server->ok());
  EXPECT_EQ(ends.server->error().source, base::ErrorSource::kClient);
  auto by_system = Client({});
  EXPECT_FALSE(Shake(*server, *by_system).client->ok());
}

TEST_F(TlsTest, EmptyAndMalformedNamesAreRefusedBeforeAnythingIsSent) {
  auto client = Client(ClientDefaults());
  for (const std::string& name : {std::string(), std::string("localhost\0.evil.test", 20)}) {
    auto pair = FakeStream::Connect(loop_);
    const auto refused = loop_.Await(client->Handshake(std::move(pair.near), name, Deadline::Never()));
    ASSERT_TRUE(refused && !refused->ok());
    EXPECT_EQ(pair.far->Received(), "");
  }
}

TEST_F(TlsTest, TheServerPicksTheIdentityForTheNameAskedFor) {
  auto server = Server({.identities = {Authority().Issue({.alternative_names = "DNS:one.test"}),
                                       Authority().Issue({.alternative_names = "DNS:two.test"})}});
  auto client = Client(ClientDefaults());
  EXPECT_TRUE(Shake(*server, *client, "one.test").ok());
  EXPECT_TRUE(Shake(*server, *client, "two.test").ok());
  EXPECT_FALSE(Shake(*server, *client, "three.test").client->ok());
}

TEST_F(TlsTest, MutualTlsTellsTheSubjectAndTheSpiffeId) {
  auto server = Server({.identities = {Authority().Issue()},
                        .client_certificates = ClientCertificates::kRequired,
                        .client_authorities_pem = Authority().certificate_pem()});
  auto client = Client({.authorities_pem = Authority().certificate_pem(),
                        .identity = Authority().Issue(
                            {.common_name = "billing", .alternative_names = "URI:spiffe://example.test/billing"})});
  for (int i = 0; i < 2; ++i) {
    auto ends = Shake(*server, *client);
    ASSERT_TRUE(ends.ok()) << ends.Why();
    EXPECT_EQ(Resumed(ends), i == 1);  // a resumed session keeps who the client is
    EXPECT_EQ(ends.at_server().peer().client_subject, "CN=billing");
    EXPECT_EQ(ends.at_server().peer().client_spiffe_id, "spiffe://example.test/billing");
    EXPECT_EQ(ends.at_client().peer().client_subject, "");
    Talk(ends);
  }
}

TEST_F(TlsTest, OnlyOneSpiffeUriIsAnIdentity) {
  auto server = Server({.identities = {Authority().Issue()},
                        .client_certificates = ClientCertificates::kOptional,
                        .client_authorities_pem = Authority().certificate_pem()});
  for (const auto* names : {"URI:spiffe://a.test/x,URI:spiffe://b.test/y", "URI:https://a.test/", "DNS:a.test"}) {
    auto client = Client({.authorities_pem = Authority().certificate_pem(),
                          .identity = Authority().Issue({.common_name = "c", .alternative_names = names})});
    auto ends = Shake(*server, *client);
    ASSERT_TRUE(ends.ok()) << ends.Why();
    EXPECT_EQ(ends.at_server().peer().client_subject, "CN=c");
    EXPECT_EQ(ends.at_server().peer().client_spiffe_id, "");
  }
}

TEST_F(TlsTest, ARequiredClientCertificateMustBeThereAndBeTrusted) {
  const FakeAuthority stranger("Stranger");
  auto server = Server({.identities = {Authority().Issue()},
                        .client_certificates = ClientCertificates::kRequired,
                        .client_authorities_pem = Authority().certificate_pem()});
  auto without = Client(ClientDefaults());
  EXPECT_FALSE(Shake(*server, *without).server->ok());
  auto foreign = Client({.authorities_pem = Authority().certificate_pem(), .identity = stranger.Issue()});
  EXPECT_FALSE(Shake(*server, *foreign).server->ok());
}

TEST_F(TlsTest, AnOptionalClientCertificateMayBeMissingButNotBad) {
  const FakeAuthority stranger("Stranger");
  auto server = Server({.identities = {Authority().Issue()},
                        .client_certificates = ClientCertificates::kOptional,
                        .client_authorities_pem = Authority().certificate_pem()});
  auto without = Client(ClientDefaults());
  auto ends = Shake(*server, *without);
  ASSERT_TRUE(ends.ok()) << ends.Why();
  EXPECT_EQ(ends.at_server().peer().client_subject, "");
  auto foreign = Client({.authorities_pem = Authority().certificate_pem(), .identity = stranger.Issue()});
  EXPECT_FALSE(Shake(*server, *foreign).server->ok());
}

TEST_F(TlsTest, AClientResumesItsSessionPerName) {
  auto server = Server({.identities = {Authority().Issue({.alternative_names = "DNS:one.test,DNS:two.test"})}});
  auto client = Client(ClientDefaults());
  auto first = Shake(*server, *client, "one.test");
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(Resumed(first));
  Talk(first);  // the tickets come with the first bytes
  first = Ends();
  auto other = Shake(*server, *client, "two.test");
  EXPECT_FALSE(Resumed(other));
  auto second = Shake(*server, *client, "one.test");
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(Resumed(second));
  Talk(second);
}

// An older client: TLS 1.2 works and resumes.
TEST_F(TlsTest, Tls12WorksAndResumes) {
  auto server = Server(ServerDefaults());
  const auto context = NewContext(Role::kClient);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SessionPtr session;
  for (int i = 0; i < 2; ++i) {
    auto pair = FakeStream::Connect(loop_);
    SslPtr ssl(SSL_new(context.get()));
    auto* raw = ssl.get();
    if (session) SSL_set_session(raw, session.get());
    Ends ends;
    TaskGroup group(loop_);
    group.Spawn(KeepResult(server->Handshake(std::move(pair.far), "", Deadline::Never()), ends.server));
    auto client = NewStream(Role::kClient, std::move(pair.near), std::move(ssl), nullptr);
    group.Spawn(KeepResult(FinishHandshake(std::move(client), Deadline::Never()), ends.client));
    loop_.RunUntilIdle();
    ASSERT_TRUE(ends.ok()) << ends.Why();
    EXPECT_EQ(ends.at_server().peer().tls_version, "TLSv1.2");
    EXPECT_EQ(Resumed(ends), i == 1);
    Talk(ends);
    session.reset(SSL_get1_session(raw));
  }
}

TEST_F(TlsTest, OlderVersionsAreRefused) {
  auto server = Server(ServerDefaults());
  const auto context = NewContext(Role::kClient);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ALL");
  auto pair = FakeStream::Connect(loop_);
  Ends ends;
  TaskGroup group(loop_);
  group.Spawn(KeepResult(server->Handshake(std::move(pair.far), "", Deadline::Never()), ends.server));
  auto client = NewStream(Role::kClient, std::move(pair.near), SslPtr(SSL_new(context.get())), nullptr);
  group.Spawn(KeepResult(FinishHandshake(std::move(client), Deadline::Never()), ends.client));
  loop_.RunUntilIdle();
  EXPECT_EQ(ends.Why().find("ok"), std::string::npos) << ends.Why();
  EXPECT_FALSE(ends.ok());
}

TEST_F(TlsTest, AReloadChangesNewHandshakesOnlyAndEndsResumption) {
  auto server = Server({.identities = {Authority().Issue({.alternative_names = "DNS:old.test"})}});
  auto client = Client(ClientDefaults());
  auto old = Shake(*server, *client, "old.test");
  ASSERT_TRUE(old.ok());
  Talk(old);
  ASSERT_TRUE(
      server->Reload({.identities = {Authority().Issue({.alternative_names = "DNS:new.test,DNS:old.test"})}}).ok());
  Talk(old);
  EXPECT_TRUE(Shake(*server, *client, "new.test").ok());
  auto again = Shake(*server, *client, "old.test");
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(Resumed(again));
  const auto failed = server->Reload({.identities = {{.certificate = "nonsense", .private_key = "nonsense"}}});
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(Shake(*server, *client, "new.test").ok());
}

TEST_F(TlsTest, AClientReloadForgetsSessionsAndTrust) {
  const FakeAuthority other("Other");
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client);
  Talk(ends);
  ASSERT_TRUE(client->Reload({.authorities_pem = other.certificate_pem()}).ok());
  EXPECT_FALSE(Shake(*server, *client).client->ok());
}

TEST_F(TlsTest, BadCredentialsAreErrorsThatNameNoSecret) {
  const auto one = Authority().Issue();
  const auto two = Authority().Issue();
  const auto mismatch = TlsServer::Create({.identities = {{one.certificate, two.private_key}}});
  ASSERT_FALSE(mismatch.ok());
  EXPECT_EQ(mismatch.error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(mismatch.error().detail.find("PRIVATE"), std::string::npos);
  EXPECT_FALSE(TlsServer::Create({}).ok());
  EXPECT_FALSE(TlsServer::Create({.identities = {{"", ""}}}).ok());
  EXPECT_FALSE(TlsServer::Create({.identities = {one}, .client_certificates = ClientCertificates::kRequired}).ok());
  EXPECT_FALSE(TlsClient::Create({.authorities_pem = "nonsense"}).ok());
}

TEST_F(TlsTest, AHandshakeEndsAtItsDeadline) {
  auto server = Server(ServerDefaults());
  auto pair = FakeStream::Connect(loop_);
  const auto timed_out = loop_.AwaitFor(server->Handshake(std::move(pair.near), "", loop_.In(5s)), 6s);
  ASSERT_TRUE(timed_out && !timed_out->ok());
  EXPECT_EQ(timed_out->error().code, base::ErrorCode::kTimeout);
}

TEST_F(TlsTest, PlainBytesAndAnEarlyEndFailTheHandshake) {
  auto server = Server(ServerDefaults());
  auto plain = FakeStream::Connect(loop_);
  plain.far->Send("GET / HTTP/1.1\r\n\r\n");
  const auto refused = loop_.Await(server->Handshake(std::move(plain.near), "", Deadline::Never()));
  ASSERT_TRUE(refused && !refused->ok());
  EXPECT_NE(refused->error().detail.find("http request"), std::string::npos) << refused->error().detail;
  auto closed = FakeStream::Connect(loop_);
  closed.far.reset();
  const auto ended = loop_.Await(server->Handshake(std::move(closed.near), "", Deadline::Never()));
  EXPECT_TRUE(ended && !ended->ok());
}

TEST_F(TlsTest, HandshakesOverAOneByteNetwork) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client, "localhost", {.buffer_bytes = 1000, .max_chunk = 1});
  ASSERT_TRUE(ends.ok()) << ends.Why();
  Talk(ends);
}

// What OpenSSL has read ahead is not on the descriptor any more: waiting for the descriptor would hang.
TEST_F(TlsTest, RecordsThatWereReadAheadAreReady) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client);
  ASSERT_TRUE(ends.ok()) << ends.Why();
  Talk(ends);
  for (const std::string_view text : {"one", "two", "three"}) {
    ASSERT_EQ(ends.at_client().TryWrite(std::span(&text, 1)).bytes, text.size());
  }
  loop_.RunUntilIdle();
  std::array<char, 100> buffer{};
  const auto first = ends.at_server().TryRead(buffer);
  EXPECT_EQ(first.bytes, 3U);
  EXPECT_FALSE(first.drained);
  EXPECT_TRUE(ends.at_server().MayProgress(Direction::kRead));
  const auto second = loop_.Await(ReadSome(ends.at_server(), std::span(buffer).first(2), Deadline::Never()));
  ASSERT_TRUE(second && second->ok());
  EXPECT_EQ(second->value(), 2U);
  const auto rest = loop_.Await(ReadSome(ends.at_server(), std::span(buffer).first(1), Deadline::Never()));
  ASSERT_TRUE(rest && rest->ok());
  const auto third = ends.at_server().TryRead(buffer);
  EXPECT_EQ(third.bytes, 5U);
  EXPECT_TRUE(third.drained);
}

TEST_F(TlsTest, ATruncatedConnectionIsNotAnOrderlyEnd) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto pair = FakeStream::Connect(loop_);
  auto* wire = pair.near.get();
  Ends ends;
  ASSERT_TRUE(loop_.AwaitFor(
      HandshakeBoth(loop_, *server, *client, std::move(pair.far), std::move(pair.near), "localhost", ends), 1min));
  Talk(ends);
  wire->CloseWrite();  // FIN without close_notify
  std::array<char, 10> buffer{};
  const auto read = loop_.Await(ReadSome(ends.at_server(), buffer, Deadline::Never()));
  ASSERT_TRUE(read && !read->ok());
  EXPECT_NE(read->error().detail.find("unexpected eof"), std::string::npos) << read->error().detail;
}

TEST_F(TlsTest, TamperedBytesFailTheStreamForGood) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto pair = FakeStream::Connect(loop_);
  auto* wire = pair.near.get();
  Ends ends;
  ASSERT_TRUE(loop_.AwaitFor(
      HandshakeBoth(loop_, *server, *client, std::move(pair.far), std::move(pair.near), "localhost", ends), 1min));
  Talk(ends);
  wire->Send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  loop_.RunUntilIdle();
  std::array<char, 10> buffer{};
  EXPECT_EQ(ends.at_server().TryRead(buffer).state, IoState::kFailed);
  EXPECT_NE(ends.at_server().last_error(), "");
  EXPECT_TRUE(ends.at_server().PeerGone());
  const std::string_view text = "more";
  EXPECT_EQ(ends.at_server().TryWrite(std::span(&text, 1)).state, IoState::kFailed);
  EXPECT_EQ(ends.at_server().TryRead(buffer).state, IoState::kFailed);
}

// The record that the transport took a part of goes out although nobody writes any more.
TEST_F(TlsTest, ATakenRecordIsSentWithoutAnotherWrite) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto ends = Shake(*server, *client, "localhost", {.buffer_bytes = 1000});
  ASSERT_TRUE(ends.ok()) << ends.Why();
  Talk(ends);
  const std::string text(16000, 'r');
  const std::string_view piece = text;
  ASSERT_EQ(ends.at_client().TryWrite(std::span(&piece, 1)).bytes, text.size());
  const std::string_view next = "next";
  EXPECT_EQ(ends.at_client().TryWrite(std::span(&next, 1)).state, IoState::kWouldBlock);
  ends.at_client().CloseWrite();
  std::string received;
  std::string buffer(4000, '\0');
  while (true) {
    const auto bytes = loop_.Await(ReadSome(ends.at_server(), std::span(buffer), Deadline::Never()));
    ASSERT_TRUE(bytes && bytes->ok());
    if (bytes->value() == 0) break;
    received.append(buffer, 0, bytes->value());
  }
  EXPECT_EQ(received, text);
}

TEST_F(TlsTest, TlsRunsOverTls) {
  auto server = Server(ServerDefaults());
  auto client = Client(ClientDefaults());
  auto outer = Shake(*server, *client);
  ASSERT_TRUE(outer.ok());
  Ends inner;
  ASSERT_TRUE(loop_.AwaitFor(HandshakeBoth(loop_, *server, *client, std::move(*outer.server).value(),
                                           std::move(*outer.client).value(), "localhost", inner),
                             1min));
  ASSERT_TRUE(inner.ok());
  Talk(inner);
}

// The contract of streams, over a fake network and over TCP.
class TlsRig final : public contract::StreamRig {
 public:
  explicit TlsRig(std::unique_ptr<contract::StreamRig> transport)
      : server_(TlsServer::Create(ServerDefaults())),
        client_(TlsClient::Create(ClientDefaults())),
        transport_(std::move(transport)) {
    auto near = transport_->TakeNear();
    auto far = transport_->TakeFar();
    Ends ends;
    Drive(
        HandshakeBoth(loop(), *server_.value(), *client_.value(), std::move(far), std::move(near), "localhost", ends));
    EXPECT_TRUE(ends.ok()) << ends.Why();
    near_ = std::move(*ends.client).value();
    far_ = std::move(*ends.server).value();
  }
  ~TlsRig() override {
    near_.reset();
    far_.reset();
  }
  Loop& loop() override { return transport_->loop(); }
  void Drive(Task<> task) override { transport_->Drive(std::move(task)); }
  void Break() override { transport_->Break(); }

 private:
  base::Result<std::unique_ptr<TlsServer>> server_;
  base::Result<std::unique_ptr<TlsClient>> client_;
  std::unique_ptr<contract::StreamRig> transport_;
};

template <class Rig, class... Arguments>
contract::NamedRig Over(std::string name, Arguments... arguments) {
  return {std::move(name), [=] { return std::make_unique<TlsRig>(std::make_unique<Rig>(arguments...)); }};
}

using Options = FakeStream::Options;
INSTANTIATE_TEST_SUITE_P(Tls, StreamContractTest,
                         testing::Values(Over<contract::FakeRig>("OverFake", Options{}),
                                         Over<contract::FakeRig>("OverTinyBuffer", Options{.buffer_bytes = 1000}),
                                         Over<contract::FakeRig>("OverSmallChunks", Options{.max_chunk = 37}),
                                         Over<contract::TcpRig>("OverTcp")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gatehouse::net::tls
