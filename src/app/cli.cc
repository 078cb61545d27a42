#include "app/cli.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "app/cli_accounting.h"
#include "app/config.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "features/identity/tenancy_node.h"
#include "http/url.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"

namespace gatehouse::app {
namespace {

using base::Result;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxAnswer = 16U << 20U;
constexpr std::size_t kMaxPassword = 1024;

void Say(std::FILE* where, const std::string& text) { std::fwrite(text.data(), 1, text.size(), where); }

struct Answer {
  std::uint16_t status = 0;
  std::string body;
};

// Name and password, as Basic has them (RFC 7617).
Result<base::Secret> CredentialsOf(const CliCommand& command) {
  std::string text;
  if (command.password_file.empty()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the environment is never changed
    const char* value = std::getenv("GATEHOUSE_ADMIN_PASSWORD");
    text = value == nullptr ? "" : value;
  } else {
    GH_TRY(text, ReadFile(command.password_file));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty() || text.size() > kMaxPassword) {
    return base::InvalidRequest("no admin password: set GATEHOUSE_ADMIN_PASSWORD, or name a --password-file");
  }
  const base::Secret password(std::move(text));
  const char* user = std::getenv("GATEHOUSE_ADMIN_USER");  // NOLINT(concurrency-mt-unsafe): as above
  return base::Secret(std::string(user == nullptr ? "admin" : user).append(":").append(password.Reveal()));
}

net::Task<Result<Answer>> Send(http::Pool& pool, CliRequest request, base::Secret credentials, net::Deadline deadline) {
  http::HeaderMap headers;
  headers.Add("authorization", "Basic " + codec::crypto::Base64Encode(credentials.Reveal()));
  headers.Add("accept", "application/json");
  if (!request.body.empty()) headers.Add("content-type", "application/json");
  auto response = co_await pool.Send({.method = request.method,
                                      .target = request.target,
                                      .headers = &headers,
                                      .body = request.body,
                                      .replay = http::ClientRequest::Replay::kOnce},
                                     {}, deadline);
  if (!response.ok()) co_return std::move(response).TakeError();
  const std::uint16_t status = response.value()->head().status;
  auto body = co_await response.value()->CollectBody(kMaxAnswer);
  if (!body.ok()) co_return std::move(body).TakeError();
  co_return Answer{.status = status, .body = std::move(body).value()};
}

Result<Answer> Call(const CliCommand& command) {
  GH_TRY(base::Secret credentials, CredentialsOf(command));
  const auto url = http::ParseUrl(command.admin_url);
  if (!url || !url->user_info.empty() || url->path().size() > 1) {
    return base::InvalidRequest("--admin-url must be such as http://127.0.0.1:9090");
  }
  if (url->scheme == http::Origin::Scheme::kHttp && !http::IsLoopback(url->endpoint.host)) {
    Say(stderr, "gatehouse: note: the password travels to " + url->endpoint.host + " in clear\n");
  }
  base::LogWriter writer(STDERR_FILENO);
  const base::Log log(writer, base::SystemClock(), base::LogLevel::kError);
  net::EpollLoop loop(base::SystemClock());
  Upstreams upstreams(loop, log);
  providers::common::Upstream upstream;
  upstream.origin.scheme = url->scheme;
  upstream.origin.endpoint = url->endpoint;
  upstream.origin.protocol = http::Origin::Protocol::kHttp1;
  const auto pool = upstreams.PoolFor(upstream);
  auto answer = net::BlockOn(loop, Send(*pool, command.request, std::move(credentials),
                                        {base::SystemClock().Now() + base::Duration(kTimeout)}));
  if (!answer) return base::InvalidRequest("interrupted");
  if (answer->ok()) return std::move(*answer);
  return base::InvalidRequest("no gateway answers at " + command.admin_url + ": " + answer->error().detail);
}

std::string TextOf(codec::json::Value value) {
  if (value.IsString()) return std::string(value.string());
  if (value.IsArray()) {
    std::string out;
    for (const auto element : value) out.append(out.empty() ? "" : ", ").append(TextOf(element.value));
    return out;
  }
  return value.IsNullish() ? "" : std::string(value.raw());
}

// One thing as lines of names and values.
std::string Described(codec::json::Value thing) {
  std::string out;
  for (const auto member : thing) {
    const std::string text = TextOf(member.value);
    if (text.empty() || member.key == "secret" || text == "{}") continue;
    out.append(member.key).append(std::string(12 - std::min<std::size_t>(11, member.key.size()), ' '));
    out.append(text).append("\n");
  }
  if (const auto secret = thing["secret"].string(); !secret.empty()) {
    out.append("\n  ").append(secret).append("\n\nThis key is shown once. Keep it where secrets are kept.\n");
  }
  return out;
}

// A list as lines: what it is called, its state, its id.
std::string Listed(codec::json::Value answer) {
  std::string out;
  for (const auto item : answer["items"]) {
    const auto thing = item.value;
    if (thing["request_id"].IsString()) {
      for (const std::string_view name : {"admitted", "request_id", "status", "model", "basis", "usd"}) {
        out.append(TextOf(thing[name])).append("  ");
      }
    } else if (thing["deliveries"].IsArray()) {
      for (const std::string_view name : {"at", "severity", "node", "title"})
        out.append(TextOf(thing[name])).append("  ");
      for (const auto delivery : thing["deliveries"]) {
        out.append(TextOf(delivery.value["channel"])).append(":").append(TextOf(delivery.value["state"])).append(" ");
      }
    } else if (thing["channel"].IsString()) {
      for (const std::string_view name : {"channel", "kind", "target", "last_delivered", "problem"}) {
        out.append(TextOf(thing[name])).append("  ");
      }
    } else if (thing["spent"].IsString() || thing["spent"].IsNumber()) {
      for (const std::string_view name : {"node", "name", "per", "spent", "held", "left"}) {
        out.append(TextOf(thing[name])).append("  ");
      }
    } else if (thing["hold"].IsString()) {
      for (const std::string_view name : {"hold", "state", "origin", "key", "class", "from", "until", "reason"}) {
        const std::string text = TextOf(thing[name]);
        if (!text.empty()) out.append(text).append("  ");
      }
    } else if (thing["role"].IsString()) {
      out.append(thing["user"].string()).append("  ").append(thing["role"].string()).append("  ");
      out.append(thing["node"].string());
    } else {
      out.append(thing["path"].string()).append("  ").append(thing["state"].string());
    }
    out.append("  ").append(thing["id"].string()).append("\n");
  }
  if (const auto next = answer["next"].string(); !next.empty()) out.append("more: --after ").append(next).append("\n");
  return out;
}

}  // namespace

bool IsCliCommand(std::span<char* const> words) {
  if (words.empty()) return false;
  const std::string_view noun = words[0];
  const std::string_view verb = words.size() > 1 ? words[1] : "";
  if (noun == "key" && (verb == "new" || verb == "hash")) return false;
  return noun == "role" || IsAccountingWord(noun) || features::identity::KindOfWord(noun).has_value();
}

Result<std::string> AskAdmin(const CliCommand& command) {
  std::signal(SIGPIPE, SIG_IGN);
  GH_TRY(Answer answer, Call(command));
  if (answer.status >= 200 && answer.status < 300) return std::move(answer.body);
  codec::json::Document document;
  const bool readable = document.Parse(answer.body).ok();
  const auto message = readable ? document.root()["error"]["message"].string() : std::string_view();
  return base::InvalidRequest(message.empty() ? "the gateway answers " + std::to_string(answer.status)
                                              : std::string(message));
}

int RunCli(std::span<char* const> words) { return RunCli(std::vector<std::string>(words.begin(), words.end())); }

int RunCli(const std::vector<std::string>& words) {
  std::signal(SIGPIPE, SIG_IGN);
  CliParsed parsed = ParseCli(words);
  if (!parsed.help.empty()) {
    Say(stdout, parsed.help);
    return 0;
  }
  if (!parsed.problem.empty()) {
    Say(stderr, "gatehouse: " + parsed.problem + "\nSee gatehouse " + words[0] + " --help.\n");
    return 2;
  }
  auto answer = Call(parsed.command);
  if (!answer.ok()) {
    Say(stderr, "gatehouse: " + answer.error().public_message + "\n");
    return 1;
  }
  codec::json::Document document;
  const bool readable = document.Parse(answer.value().body).ok();
  const bool done = answer.value().status >= 200 && answer.value().status < 300;
  if (parsed.command.output == CliCommand::Output::kJson) {
    Say(done ? stdout : stderr, answer.value().body + "\n");
  } else if (!done) {
    const auto message = document.root()["error"]["message"].string();
    Say(stderr,
        "gatehouse: " +
            (readable && !message.empty() ? std::string(message) : "status " + std::to_string(answer.value().status)) +
            "\n");
  } else if (readable) {
    Say(stdout, document.root()["items"].IsArray() ? Listed(document.root()) : Described(document.root()));
  } else {
    Say(stdout, answer.value().body);
  }
  return done ? 0 : 1;
}

}  // namespace gatehouse::app
