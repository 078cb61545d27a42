// The upstream of the benchmarks: canned answers of a given size, bursts of server-sent events, or events at a pace.
// usage: bench_upstream [CERTIFICATE KEY]
// Prints its port and, with a certificate, the one that speaks TLS.
//   POST /json/<bytes>/...        application/json, OpenAI's chat completion
//   POST /anthropic/<bytes>/...   the same as Anthropic's message
//   POST /burst/<events>/...      all events in one write
//   POST /paced/<events>x<ms>/... one event each <ms>, each with its time of sending
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/server.h"
#include "net/epoll_loop.h"
#include "net/socket_address.h"
#include "net/tcp_listener.h"
#include "net/tls/tls_server.h"

namespace gatehouse::bench {
namespace {

std::string Prose(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "The quick brown fox jumps over the lazy dog. ";
  text.resize(bytes);
  return text;
}

std::string OpenAiAnswer(std::size_t bytes) {
  const std::string head =
      R"({"id":"chatcmpl-bench","object":"chat.completion","created":1767225600,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":")";
  const std::string tail =
      R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}})";
  return head + Prose(bytes > head.size() + tail.size() ? bytes - head.size() - tail.size() : 1) + tail;
}

std::string AnthropicAnswer(std::size_t bytes) {
  const std::string head =
      R"({"id":"msg_bench","type":"message","role":"assistant","model":"bench","content":[{"type":"text","text":")";
  const std::string tail =
      R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":19,"output_tokens":10}})";
  return head + Prose(bytes > head.size() + tail.size() ? bytes - head.size() - tail.size() : 1) + tail;
}

// A word of an answer, and when it left: clients of the benchmark read that.
std::string Chunk(std::size_t number, std::int64_t nanoseconds) {
  constexpr auto kWords = std::to_array<std::string_view>({" There", " are", " small", " words", " and", " longer",
                                                           " ones", " in", " every", " answer,", " here", " too."});
  std::string chunk = R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,)";
  chunk += R"("model":"bench","system_fingerprint":")" + std::to_string(nanoseconds);
  chunk += R"(","choices":[{"index":0,"delta":{"content":")";
  return chunk.append(kWords.at(number % kWords.size())).append("\"},\"finish_reason\":null}]}\n\n");
}

std::string End() {
  return "data: "
         "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,\"model\":\"bench\","
         "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
}

std::int64_t NowNanoseconds() { return base::SystemClock().Now().time_since_epoch().count(); }

// The number at the beginning of `text`, which is moved behind it.
std::size_t TakeNumber(std::string_view& text) {
  std::size_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

class Upstream final : public http::Handler {
 public:
  explicit Upstream(net::Loop& loop) : loop_(loop) {}

  net::Task<> Serve(http::ServerExchange& exchange) override {
    static_cast<void>(co_await exchange.CollectBody(kMaxBody));
    std::string_view path = exchange.head().path();
    const auto begins = [&path](std::string_view prefix) {
      if (!path.starts_with(prefix)) return false;
      path.remove_prefix(prefix.size());
      return true;
    };
    if (begins("/json/")) {
      co_await Whole(exchange, OpenAiAnswer(TakeNumber(path)));
    } else if (begins("/anthropic/")) {
      co_await Whole(exchange, AnthropicAnswer(TakeNumber(path)));
    } else if (begins("/burst/")) {
      co_await Burst(exchange, TakeNumber(path));
    } else if (begins("/paced/")) {
      const std::size_t events = TakeNumber(path);
      path.remove_prefix(path.empty() ? 0 : 1);
      co_await Paced(exchange, events, std::chrono::milliseconds(TakeNumber(path)));
    } else {
      co_await Whole(exchange, "{}");
    }
  }
  std::string RejectionBody(std::uint16_t, std::string_view reason) const override { return std::string(reason); }

 private:
  static constexpr std::size_t kMaxBody = 64U << 20U;

  static http::ResponseHead Head(std::string_view type) {
    http::ResponseHead head{.status = 200};
    head.headers.Add("content-type", type);
    return head;
  }

  net::Task<> Whole(http::ServerExchange& exchange, std::string body) {
    static_cast<void>(co_await exchange.Respond(Head("application/json"), body));
  }

  net::Task<> Burst(http::ServerExchange& exchange, std::size_t events) {
    std::string all;
    for (std::size_t i = 0; i < events; ++i) all += Chunk(i, 0);
    all += End();
    if (!(co_await exchange.Start(Head("text/event-stream"))).ok()) co_return;
    static_cast<void>(co_await exchange.Write(all));
    static_cast<void>(co_await exchange.Finish());
  }

  net::Task<> Paced(http::ServerExchange& exchange, std::size_t events, base::Duration pace) {
    if (!(co_await exchange.Start(Head("text/event-stream"))).ok()) co_return;
    for (std::size_t i = 0; i < events; ++i) {
      co_await loop_.Sleep(pace);
      const std::string chunk = Chunk(i, NowNanoseconds());
      if (!(co_await exchange.Write(chunk)).ok()) co_return;
    }
    const std::string end = End();
    static_cast<void>(co_await exchange.Write(end));
    static_cast<void>(co_await exchange.Finish());
  }

  net::Loop& loop_;  // outlives the server
};

std::string FileText(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Accepts on `listener` and hands what has shaken hands to `server`.
class TlsFront {
 public:
  TlsFront(net::Loop& loop, http::Server& server, const char* certificate, const char* key)
      : loop_(loop), server_(server), tasks_(loop) {
    net::tls::ServerOptions options{.identities = {{FileText(certificate), FileText(key)}}};
    auto tls = net::tls::TlsServer::Create(options);
    if (tls.ok()) tls_ = std::move(tls).value();
  }

  net::Task<> Run(std::unique_ptr<net::Listener> listener) {
    while (tls_) {
      auto stream = co_await listener->Accept();
      if (!stream.ok()) co_return;
      tasks_.Spawn(Serve(std::move(stream).value()));
    }
  }

 private:
  net::Task<> Serve(std::unique_ptr<net::Stream> stream) {
    auto secured = co_await tls_->Handshake(std::move(stream), {}, loop_.In(std::chrono::seconds(10)));
    if (secured.ok()) server_.Adopt(std::move(secured).value());
  }

  net::Loop& loop_;  // both outlive it
  http::Server& server_;
  net::TaskGroup tasks_;
  std::unique_ptr<net::tls::TlsServer> tls_;
};

int Main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  net::EpollLoop loop(base::SystemClock());
  Upstream upstream(loop);
  http::Server server(loop, {.max_connections = 60'000, .idle_timeout = std::chrono::hours(1)}, upstream);
  auto listener = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", 0), {.backlog = 8192});
  if (!listener.ok()) return 1;
  net::TaskGroup tasks(loop);
  std::optional<TlsFront> front;
  std::printf("%u", listener.value()->port());
  if (count == 3) {
    auto secure = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", 0), {.backlog = 8192});
    if (!secure.ok()) return 1;
    std::printf(" %u", secure.value()->port());
    front.emplace(loop, server, arguments[1], arguments[2]);
    tasks.Spawn(front->Run(std::move(secure).value()));
  }
  std::printf("\n");
  std::fflush(stdout);
  tasks.Spawn(server.Run(std::move(listener).value()));
  loop.Run();
  return 0;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int count, char** arguments) { return gatehouse::bench::Main(count, arguments); }
