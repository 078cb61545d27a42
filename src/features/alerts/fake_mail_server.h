#pragma once

// For tests; never included by product code.

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"
#include "net/stream.h"
#include "net/tls/fake_authority.h"
#include "net/tls/tls_client.h"
#include "net/tls/tls_server.h"

namespace gatehouse::features::alerts {

// A mail server that says what it is told to, also over TLS. `loop` outlives it.
class FakeMailServer final : public net::Connector {
 public:
  // An answer to what begins so; the first that fits. "" hangs up, "..." says nothing.
  struct Answer {
    std::string to;
    std::string with;
  };
  enum class Tls : std::uint8_t { kLater, kAtOnce };

  explicit FakeMailServer(net::Loop& loop) : loop_(loop), serving_(loop) {
    tls_ = net::tls::TlsServer::Create({.identities = {authority_.Issue()}, .client_authorities_pem = {}, .alpn = {}})
               .value();
  }

  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint, net::Deadline) override {
    ++connections;
    if (!up) co_return net::fake::ConnectionRefused();
    auto pair = net::fake::FakeStream::Connect(loop_, {.max_chunk = max_chunk});
    serving_.Spawn(Serve(std::move(pair.far)));
    co_return std::unique_ptr<net::Stream>(std::move(pair.near));
  }
  // A client that believes its certificate, for the names "localhost" and 127.0.0.1.
  std::shared_ptr<net::tls::TlsClient> Client() const {
    return net::tls::TlsClient::Create({.authorities_pem = authority_.certificate_pem(), .identity = {}, .alpn = {}})
        .value();
  }

  std::vector<Answer> answers;
  std::vector<std::string> heard;     // lines, "tls" where it began
  std::vector<std::string> messages;  // what followed DATA, with the end
  Tls tls = Tls::kLater;
  std::size_t max_chunk = std::numeric_limits<std::size_t>::max();
  std::size_t hang_up_after = std::numeric_limits<std::size_t>::max();  // so many bytes that it said in clear
  std::size_t said = 0;
  std::size_t connections = 0;
  bool up = true;

 private:
  static constexpr std::string_view kDefaults[][2] = {
      {"greeting", "220 mail.test ESMTP\r\n"},
      {"EHLO", "250-mail.test\r\n250-SIZE 1000000\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n"},
      {"STARTTLS", "220 2.0.0 go\r\n"},
      {"AUTH LOGIN", "334 VXNlcm5hbWU6\r\n"},
      {"AUTH PLAIN", "235 2.7.0 welcome\r\n"},
      {"MAIL", "250 2.1.0 ok\r\n"},
      {"RCPT", "250 2.1.5 ok\r\n"},
      {"DATA", "354 go\r\n"},
      {"message", "250 2.0.0 queued as 77\r\n"},
      {"QUIT", "221 2.0.0 bye\r\n"},
  };
  enum class Goes : std::uint8_t { kOn, kAway };

  std::string AnswerTo(std::string_view line) const {
    for (const auto& [to, with] : answers) {
      if (line.starts_with(to)) return with;
    }
    for (const auto& [to, with] : kDefaults) {
      if (line.starts_with(to)) return std::string(with);
    }
    return "500 5.5.2 unknown\r\n";
  }
  // `stream` outlives the task.
  net::Task<Goes> Say(net::Stream& stream, std::string text) {
    if (text.empty()) co_return Goes::kAway;
    if (text == "...") co_return Goes::kOn;
    const std::string_view piece = std::string_view(text).substr(0, hang_up_after - said);
    said += piece.size();
    const auto written = co_await net::WriteAll(stream, std::span(&piece, 1), net::Deadline::Never());
    co_return written.ok() && said < hang_up_after ? Goes::kOn : Goes::kAway;
  }
  // Up to the end of a line or a message; "" when the client is gone.
  net::Task<std::string> Hear(net::Stream& stream, std::string_view end) {
    std::string text;
    while (!text.ends_with(end)) {
      char byte = 0;
      const auto read = co_await net::ReadSome(stream, {&byte, 1}, net::Deadline::Never());
      if (!read.ok() || read.value() == 0) co_return std::string();
      text.push_back(byte);
    }
    co_return text;
  }
  net::Task<> Serve(std::unique_ptr<net::Stream> stream) {
    if (tls == Tls::kAtOnce) {
      auto secured = co_await tls_->Handshake(std::move(stream), "", net::Deadline::Never());
      if (!secured.ok()) co_return;
      stream = std::move(secured).value();
      heard.emplace_back("tls");
    }
    Goes goes = co_await Say(*stream, AnswerTo("greeting"));
    while (goes == Goes::kOn) {
      const std::string line = co_await Hear(*stream, "\r\n");
      if (line.empty()) co_return;
      heard.push_back(line.substr(0, line.size() - 2));
      const std::string answer = AnswerTo(heard.back());
      goes = co_await Say(*stream, answer);
      if (goes == Goes::kAway) co_return;
      if (line == "QUIT\r\n" && answer != "...") co_return;
      if (line == "STARTTLS\r\n" && answer.starts_with("220")) {
        auto secured = co_await tls_->Handshake(std::move(stream), "", net::Deadline::Never());
        if (!secured.ok()) co_return;
        stream = std::move(secured).value();
        heard.emplace_back("tls");
      }
      if (line != "DATA\r\n" || !answer.starts_with("354")) continue;
      messages.push_back(co_await Hear(*stream, "\r\n.\r\n"));
      goes = co_await Say(*stream, AnswerTo("message"));
    }
  }

  net::Loop& loop_;
  net::tls::FakeAuthority authority_;
  std::unique_ptr<net::tls::TlsServer> tls_;
  net::TaskGroup serving_;  // last: it uses the rest
};

}  // namespace gatehouse::features::alerts
