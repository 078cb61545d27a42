#include "ingress/chat/chat_surface.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/sse/comment.h"
#include "ingress/chat/json_array.h"
#include "llm/dialect.h"
#include "llm/event.h"

namespace gatehouse::ingress::chat {
namespace {

using base::Error;
using base::Result;
using llm::Delivery;
using llm::EventSource;
using pipeline::ExchangeEnd;

// Remembers of the events what the log, the metrics and the ledger want.
void Observe(const llm::Batch& batch, pipeline::Outcome& outcome) {
  outcome.events += batch.frames.size();
  for (const llm::Event& event : batch.events) {
    if (const auto* usage = std::get_if<llm::UsageReported>(&event)) outcome.usage = usage->usage;
    if (const auto* finished = std::get_if<llm::ChoiceFinished>(&event))
      outcome.finish_reason = llm::ToString(finished->reason);
  }
}

Result<pipeline::ChatCall> DecodeCall(const PathMatch& match, std::unique_ptr<const pipeline::JsonBody> body) {
  const llm::ChatDialect* dialect = llm::FindChatDialect(match.dialect);
  if (dialect == nullptr) return base::Internal("no chat dialect " + std::string(llm::ToString(match.dialect)));
  const llm::RequestPath path{.model = match.model, .delivery = match.delivery, .version = match.version};
  auto request = dialect->DecodeRequest(body->root(), path);
  if (!request.ok()) return std::move(request).TakeFailure();
  pipeline::ChatCall call{.dialect = match.dialect,
                          .body = std::move(body),
                          .request = std::make_unique<llm::ChatRequest>(std::move(request).value())};
  call.delivery = call.request->stream ? Delivery::kStream : match.delivery;
  call.version = match.version;
  return call;
}

std::string WarningOf(const llm::Loss& loss) { return "dropped " + loss.field + ": " + loss.reason; }

// An answer on its way to the client.
class Delivering {
 public:
  Delivering(Session& session, pipeline::Reply& reply)
      : session_(session),
        reply_(reply),
        chat_(*std::get_if<pipeline::ChatReply>(&reply.answer)),
        call_(*std::get_if<pipeline::ChatCall>(&session.exchange().operation)),
        dialect_(*llm::FindChatDialect(call_.dialect)),
        body_bytes_(call_.body->text().size()) {}

  net::Task<> Whole() {
    const llm::Batch* const whole = chat_.events->Whole();
    if (whole == nullptr || chat_.dialect != call_.dialect || !whole->raw_is_current) return Collected();
    Observe(*whole, session_.exchange().outcome);
    return session_.Respond(session_.NewHead(200, "application/json", &reply_), whole->frames.front().raw);
  }

  net::Task<> Stream() {
    const bool as_array = session_.match().wire == PathMatch::Wire::kJsonArray;
    http::ResponseHead head = session_.NewHead(
        200, as_array ? std::string_view("application/json") : dialect_.stream_content_type(), &reply_);
    head.headers.Add("cache-control", "no-cache");
    session_.NoteStatus(200);
    if (!session_.has_begun() && !(co_await session_.http().Start(std::move(head))).ok()) co_return;
    call_.body.reset();  // streams last, and there are thousands of them
    JsonArrayFramer array;
    std::string out;
    for (;;) {
      // Between two events a stream holds no memory for one.
      out = std::string();
      batch_ = llm::Batch();
      auto outcome = co_await chat_.events->Pull(batch_);
      const bool more = outcome.ok() && outcome.value() == EventSource::Outcome::kBatch;
      if (more) {
        Observe(batch_, session_.exchange().outcome);
        Render(out);
        WarnInStream(out);
        if (!encoder_) DropConversation();
      } else if (outcome.ok()) {
        if (encoder_) encoder_->Finish(out);
        WarnInStream(out);
        session_.NoteEnd(ExchangeEnd::Ending::kAnswered);
      } else {
        Break(outcome.error(), out);
      }
      if (as_array) out = more ? array.Frame(out) : array.Close(out);
      // The last bytes and the end of the body leave together.
      const base::Status sent = more ? co_await session_.http().Write(out) : co_await session_.http().Finish(out);
      if (!sent.ok()) {
        session_.NoteEnd(ExchangeEnd::Ending::kClientGone);
        co_return;
      }
      if (!more) co_return;
    }
  }

 private:
  // An answer of which not all has come, or that is to be encoded anew.
  [[gnu::noinline]] net::Task<> Collected() {
    llm::Collector collector;
    std::string raw;
    bool pass = chat_.dialect == call_.dialect;
    for (;;) {
      auto outcome = co_await chat_.events->Pull(batch_);
      if (!outcome.ok()) {
        co_await session_.Fail(std::move(outcome).TakeError());
        co_return;
      }
      if (outcome.value() == EventSource::Outcome::kEnd) break;
      Observe(batch_, session_.exchange().outcome);
      pass = pass && batch_.raw_is_current;
      if (pass) {
        for (const auto& frame : batch_.frames) raw.append(frame.raw);
      } else {
        for (const auto& event : batch_.events) collector.Add(event);
      }
    }
    if (!pass) {
      raw = dialect_.EncodeWhole(std::move(collector).Take(), Context());
      for (const llm::Loss& loss : losses_) session_.exchange().warnings.push_back(WarningOf(loss));
    }
    co_await session_.Respond(session_.NewHead(200, "application/json", &reply_), raw);
  }

  void Render(std::string& out) {
    if (chat_.dialect == call_.dialect && batch_.raw_is_current && !encoder_) {
      for (const auto& frame : batch_.frames) out.append(frame.raw);
      return;
    }
    for (const auto& event : batch_.events) encoder().Encode(event, out);
  }

  // Streams last, there are thousands of them, and nobody looks at the conversation any more once the answer has begun:
  // an answer echoes instructions at most.
  void DropConversation() {
    auto& messages = call_.request->messages;
    std::erase_if(messages, [](const llm::Message& message) {
      return message.role == llm::Role::kUser || message.role == llm::Role::kAssistant;
    });
    messages.shrink_to_fit();
  }

  // What came too late for a header stands between the frames, where clients that do not look for it skip it.
  void WarnInStream(std::string& out) {
    for (; warned_ < losses_.size(); ++warned_) {
      codec::sse::AppendComment(out, "gatehouse-warning: " + WarningOf(losses_[warned_]));
    }
  }

  // The upstream failed in the middle: the dialect's own error, and no end that was not there.
  void Break(const Error& error, std::string& out) {
    session_.NoteError(error);
    session_.NoteEnd(ExchangeEnd::Ending::kCutMidStream);
    encoder().Fail(error, session_.id(), out);
  }

  // What an encoder wants to know; an answer that is passed on needs none.
  llm::AnswerContext Context() {
    llm::AnswerContext context;
    context.losses = &losses_;
    context.id = session_.id().substr(session_.id().find('_') + 1);
    context.model = session_.exchange().model;
    context.created_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(session_.context().loop.Wall().time_since_epoch()).count();
    context.include_usage = call_.request->stream_usage;
    constexpr std::size_t kBytesPerToken = 4;
    context.estimated_input_tokens = body_bytes_ / kBytesPerToken;
    context.request = call_.request.get();
    context.reasoning_field = session_.gate().settings.reasoning_field;
    return context;
  }

  llm::ResponseEncoder& encoder() {
    if (!encoder_) encoder_ = dialect_.NewEncoder(Context());
    return *encoder_;
  }

  Session& session_;  // all outlive the task that uses them
  pipeline::Reply& reply_;
  pipeline::ChatReply& chat_;
  pipeline::ChatCall& call_;
  const llm::ChatDialect& dialect_;
  const std::size_t body_bytes_;
  llm::Batch batch_;
  std::vector<llm::Loss> losses_;  // of the answer: what the client's dialect has no place for
  std::size_t warned_ = 0;         // how many of them the client knows
  std::unique_ptr<llm::ResponseEncoder> encoder_;
};

}  // namespace

net::Task<> Serve(Session& session) {
  auto reply = co_await RunJson(session, &DecodeCall);
  if (!reply) co_return;
  Delivering delivering(session, *reply);
  if (std::get_if<pipeline::ChatCall>(&session.exchange().operation)->delivery == Delivery::kStream) {
    co_await delivering.Stream();
  } else {
    co_await delivering.Whole();
  }
}

}  // namespace gatehouse::ingress::chat
