#include "app/config_mail.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/mail/mailbox.h"
#include "features/alerts/alert.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using codec::mail::Mailbox;
using features::alerts::MailSettings;
using Security = MailSettings::Security;

constexpr std::size_t kMostRecipients = 50;
constexpr std::size_t kMostShown = 80;  // bytes of what is wrong
constexpr codec::config::DurationRange kSteps = {
    .min = std::chrono::nanoseconds(std::chrono::milliseconds(100)).count(),
    .max = std::chrono::nanoseconds(std::chrono::minutes(2)).count()};

std::optional<Mailbox> ReadMailbox(const Node& node, std::string_view text) {
  auto mailbox = Mailbox::Parse(text);
  if (!mailbox) {
    node.AddProblem("`" + features::alerts::Printable(text, kMostShown) +
                    "` is not an address such as ops@example.com, in ASCII and with no name beside it");
  }
  return mailbox;
}

std::vector<Mailbox> ReadRecipients(const Node& list) {
  std::vector<Mailbox> to;
  const auto stated = list.AsStrings();
  if (!stated) return to;
  for (const std::string& text : *stated) {
    auto mailbox = ReadMailbox(list, text);
    if (!mailbox) continue;
    if (std::ranges::find(to, *mailbox) != to.end()) list.AddProblem("has " + text + " twice");
    to.push_back(*std::move(mailbox));
  }
  if (stated->empty()) list.AddProblem("must name somebody to write to");
  if (to.size() > kMostRecipients) list.AddProblem("has more than 50 addresses: use one of a mailing list");
  return to;
}

Security ReadSecurity(const Node& node) {
  constexpr std::array<Choice<Security>, 3> kSecurities = {
      {{"starttls", Security::kStartTls}, {"tls", Security::kTls}, {"none", Security::kNone}}};
  return node.AsEnum<Security>(kSecurities).value_or(Security::kStartTls);
}

// The ports of RFC 6409, RFC 8314 and RFC 5321.
std::uint16_t UsualPort(Security security) {
  switch (security) {
    case Security::kStartTls: return 587;
    case Security::kTls: return 465;
    case Security::kNone: return 25;
  }
  return 0;
}

net::Endpoint ReadEndpoint(const Node& channel, Security security) {
  const Node host = channel.Required("host");
  net::Endpoint endpoint{.host = host.AsString().value_or(""), .port = UsualPort(security)};
  const bool usable = codec::mail::IsDomain(endpoint.host) || http::IsAddress(endpoint.host);
  if (host.IsPresent() && (!usable || endpoint.host.starts_with('['))) {
    host.AddProblem("must be a name or an address alone, such as smtp.example.com; `port` has the port");
  }
  if (const auto port = channel["port"].AsInteger({.min = 1, .max = 65'535})) {
    endpoint.port = static_cast<std::uint16_t>(*port);
  }
  return endpoint;
}

// This machine's name where it is one that others may know, and what RFC 5321, 4.1.3 says otherwise.
std::string OwnName() {
  constexpr const char* kNone = "[127.0.0.1]";
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return kNone;
  const std::string_view text(name.data());
  return text.contains('.') && codec::mail::IsDomain(text) ? std::string(text) : kNone;
}

std::string ReadHello(const Node& node) {
  auto hello = node.AsString();
  if (hello && !codec::mail::IsDomain(*hello)) {
    node.AddProblem(
        "must be this machine's name, such as gateway-1.example.com, or an address in brackets, [192.0.2.1]");
  }
  return hello ? *std::move(hello) : OwnName();
}

bool HasControls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void ReadCredentials(const Node& channel, MailSettings& mail) {
  const Node username = channel["username"];
  const Node password = channel["password"];
  mail.username = username.AsString().value_or("");
  if (auto secret = password.AsSecret()) mail.password = *std::move(secret);
  if (username.IsPresent() != password.IsPresent())
    channel.AddProblem("has one of `username` and `password`: state both, or none");
  if (HasControls(mail.username)) username.AddProblem("must not have control characters");
  if (HasControls(mail.password.Reveal())) password.AddProblem("must not have control characters or line ends");
}

void CheckClearText(const Node& channel, const MailSettings& mail) {
  if (mail.security != Security::kNone || http::IsLoopback(mail.endpoint.host)) return;
  if (mail.trust.plaintext != http::Plaintext::kAllowed) {
    channel["security"].AddProblem(
        "`none` is for a server on this machine: use starttls or tls, or say `allow_plaintext: true` where whatever is "
        "between can be trusted");
  }
  if (!mail.username.empty()) {
    channel["username"].AddProblem(
        "would go to the server with its password in clear text: use `security: starttls` or tls");
  }
}

}  // namespace

MailSettings ReadMail(const Node& channel, http::Trust trust) {
  const Node sender = channel.Required("from");
  const auto stated = sender.AsString();
  auto from = stated ? ReadMailbox(sender, *stated) : std::nullopt;
  const Security security = ReadSecurity(channel["security"]);
  const net::Endpoint endpoint = ReadEndpoint(channel, security);
  auto to = ReadRecipients(channel.Required("to"));
  const std::string hello = ReadHello(channel["hello"]);
  const auto step = channel["step_timeout"].AsDuration(kSteps);
  // What is read further on needs a sender; that there is none is a problem already.
  MailSettings mail{.endpoint = endpoint,
                    .security = security,
                    .trust = std::move(trust),
                    .hello = hello,
                    .username = {},
                    .password = {},
                    .from = from ? *std::move(from) : *Mailbox::Parse("nobody@invalid"),
                    .to = std::move(to)};
  mail.step = step.value_or(mail.step);
  ReadCredentials(channel, mail);
  CheckClearText(channel, mail);
  return mail;
}

}  // namespace gatehouse::app
