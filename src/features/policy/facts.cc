#include "features/policy/facts.h"

#include <algorithm>
#include <array>
#include <limits>
#include <variant>

#include "pipeline/attachments.h"
#include "pipeline/content_rules.h"

namespace gatehouse::features::policy {
namespace {

namespace cel = codec::cel;
using cel::Value;

// More than any model gives: a client that names no bound gets as much as there is.
constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

Value Count(std::size_t count) {
  return Value::Int(static_cast<std::int64_t>(std::min<std::uint64_t>(count, std::uint64_t{kNoBound})));
}

template <class Block>
bool HoldsAny(const std::vector<llm::Block>& blocks) {
  return std::ranges::any_of(blocks, [](const llm::Block& block) {
    if (std::holds_alternative<Block>(block)) return true;
    const auto* result = std::get_if<llm::ToolResultBlock>(&block);
    return result != nullptr && HoldsAny<Block>(result->content);
  });
}

template <class Block>
Value Has(const llm::ChatRequest* chat) {
  if (chat == nullptr) return Value::Bool(false);
  return Value::Bool(
      std::ranges::any_of(chat->messages, [](const llm::Message& message) { return HoldsAny<Block>(message.blocks); }));
}

const llm::ChatRequest* ChatOf(const pipeline::Operation& operation) {
  if (const auto* chat = std::get_if<pipeline::ChatCall>(&operation)) return chat->request.get();
  if (const auto* count = std::get_if<pipeline::CountCall>(&operation)) return count->request.get();
  return nullptr;
}

struct BodySize {
  std::size_t operator()(const pipeline::PassThroughCall& call) const { return call.body.size(); }
  std::size_t operator()(const pipeline::ModelsCall&) const { return 0; }
  template <class Call>
  std::size_t operator()(const Call& call) const {
    return call.body == nullptr ? 0 : call.body->text().size();
  }
};

std::size_t InputCount(const pipeline::Operation& operation) {
  if (const auto* embedding = std::get_if<pipeline::EmbeddingCall>(&operation)) return embedding->request.inputs.size();
  if (const auto* rerank = std::get_if<pipeline::RerankCall>(&operation)) return rerank->request.documents.size();
  return 0;
}

bool StreamsAnswer(const pipeline::Operation& operation) {
  const auto* chat = std::get_if<pipeline::ChatCall>(&operation);
  return chat != nullptr && chat->delivery == llm::Delivery::kStream;
}

std::string_view UserOf(const pipeline::Operation& operation, const llm::ChatRequest* chat) {
  if (chat != nullptr) return chat->user;
  const auto* embedding = std::get_if<pipeline::EmbeddingCall>(&operation);
  return embedding == nullptr ? std::string_view() : std::string_view(embedding->request.user);
}

cel::Civil CivilAt(base::WallTime when, const cel::ZoneRules& zone) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
  return cel::ToCivil(seconds + zone.OffsetAt(seconds));
}

std::string_view WeekdayName(const cel::Civil& civil) {
  constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                     "thursday", "friday", "saturday"};
  return kDays.at(static_cast<std::size_t>(civil.weekday));
}

Value TimeValue(base::WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch());
  const auto nanos = when.time_since_epoch() - seconds;
  return Value::Time({.seconds = seconds.count(), .nanos = static_cast<std::uint32_t>(nanos.count())});
}

}  // namespace

const std::vector<FactRow>& FactRows() {
  static const std::vector<FactRow> rows = {{Fact::kPrincipalOrganization, "principal.organization", "string"},
                                            {Fact::kPrincipalTeam, "principal.team", "string"},
                                            {Fact::kPrincipalProject, "principal.project", "string"},
                                            {Fact::kPrincipalName, "principal.name", "string"},
                                            {Fact::kPrincipalKind, "principal.kind", "string"},
                                            {Fact::kPrincipalKeyId, "principal.key_id", "string"},
                                            {Fact::kPrincipalAuthentication, "principal.authentication", "string"},
                                            {Fact::kPrincipalGroups, "principal.groups", "list(string)"},
                                            {Fact::kPrincipalClaims, "principal.claims", "map(string, dyn)"},
                                            {Fact::kRequestId, "request.id", "string"},
                                            {Fact::kRequestSurface, "request.surface", "string"},
                                            {Fact::kRequestOperation, "request.operation", "string"},
                                            {Fact::kRequestModel, "request.model", "string"},
                                            {Fact::kRequestPath, "request.path", "string"},
                                            {Fact::kRequestStream, "request.stream", "bool"},
                                            {Fact::kRequestTools, "request.tools", "list(string)"},
                                            {Fact::kRequestMaxOutputTokens, "request.max_output_tokens", "int"},
                                            {Fact::kRequestMessageCount, "request.message_count", "int"},
                                            {Fact::kRequestInputCount, "request.input_count", "int"},
                                            {Fact::kRequestBodyBytes, "request.body_bytes", "int"},
                                            {Fact::kRequestHasImages, "request.has_images", "bool"},
                                            {Fact::kRequestHasDocuments, "request.has_documents", "bool"},
                                            {Fact::kRequestHasAudio, "request.has_audio", "bool"},
                                            {Fact::kRequestUser, "request.user", "string"},
                                            {Fact::kClientAddress, "client.address", "string"},
                                            {Fact::kTimeNow, "time.now", "timestamp"},
                                            {Fact::kTimeHour, "time.hour", "int"},
                                            {Fact::kTimeWeekday, "time.weekday", "string"},
                                            {Fact::kFindings, "findings", "list(finding)"},
                                            {Fact::kAnswerTools, "answer.tools", "list(string)"}};
  return rows;
}

namespace {

cel::Type TypeOf(std::string_view name) {
  if (name == "list(string)") return cel::Type::List(cel::Type::String());
  if (name == "list(finding)") return cel::Type::List(cel::Type::Object("finding"));
  if (name == "map(string, dyn)") return cel::Type::Map(cel::Type::String(), cel::Type::Dyn());
  if (name == "bool") return cel::Type::Bool();
  if (name == "int") return cel::Type::Int();
  return name == "timestamp" ? cel::Type::Timestamp() : cel::Type::String();
}

cel::Environment SchemaUpTo(Fact last) {
  cel::Environment environment;
  environment.DeclareObject("finding", {{"category", cel::Type::String()},
                                        {"entity", cel::Type::String()},
                                        {"channel", cel::Type::String()},
                                        {"confidence", cel::Type::Double()},
                                        {"view", cel::Type::String()}});
  for (const FactRow& row : FactRows()) {
    if (row.fact <= last) environment.Declare(std::string(row.name), TypeOf(row.type));
  }
  return environment;
}

}  // namespace

const cel::Environment& FactSchema(pipeline::Phase phase) {
  static const cel::Environment of_requests = SchemaUpTo(Fact::kTimeWeekday);
  static const cel::Environment of_content = SchemaUpTo(Fact::kAnswerTools);
  return pipeline::IsOfContent(phase) ? of_content : of_requests;
}

std::string_view WeekdayAt(base::WallTime when, const cel::ZoneRules& zone) { return WeekdayName(CivilAt(when, zone)); }

std::int64_t HourAt(base::WallTime when, const cel::ZoneRules& zone) { return CivilAt(when, zone).hour; }

const cel::Civil& LocalClock::At(base::WallTime when) {
  const auto second = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
  if (second_ != second) {
    civil_ = CivilAt(when, zone_);
    second_ = second;
  }
  return civil_;
}

ExchangeFacts::ExchangeFacts(const pipeline::Exchange& exchange, base::WallTime now, LocalClock& clock,
                             const JsonMap* claims, ContentFacts content)
    : exchange_(exchange),
      chat_(ChatOf(exchange.operation)),
      opaque_(std::get_if<pipeline::PassThroughCall>(&exchange.operation)),
      now_(now),
      clock_(clock),
      claims_(claims),
      content_(content),
      groups_(exchange.principal->groups),
      tools_(chat_ == nullptr ? nullptr : &chat_->tools) {}

Value ExchangeFacts::Get(std::uint32_t slot) const {
  const auto fact = static_cast<Fact>(slot);
  if (fact <= Fact::kPrincipalClaims) return OfPrincipal(fact);
  if (fact <= Fact::kRequestUser) return OfRequest(fact);
  if (fact == Fact::kClientAddress) {
    const auto* address = exchange_.Find<pipeline::ClientAddress>();
    return address == nullptr ? Value::Absent() : Value::String(address->text);
  }
  return fact <= Fact::kTimeWeekday ? OfTime(fact) : OfContent(fact);
}

Value ExchangeFacts::OfPrincipal(Fact fact) const {
  const pipeline::Principal& principal = *exchange_.principal;
  switch (fact) {
    case Fact::kPrincipalOrganization: return Value::String(principal.organization);
    case Fact::kPrincipalTeam: return Value::String(principal.team);
    case Fact::kPrincipalProject: return Value::String(principal.project);
    case Fact::kPrincipalName: return Value::String(principal.name);
    case Fact::kPrincipalKind: return Value::String(pipeline::ToString(principal.kind));
    case Fact::kPrincipalKeyId: return Value::String(principal.key_id);
    case Fact::kPrincipalAuthentication: return Value::String(pipeline::ToString(principal.authentication));
    case Fact::kPrincipalGroups: return Value::List(&groups_);
    case Fact::kPrincipalClaims: return claims_ == nullptr ? Value::Absent() : Value::Map(claims_);
    default: return Value::Absent();
  }
}

Value ExchangeFacts::OfRequest(Fact fact) const {
  switch (fact) {
    case Fact::kRequestId: return Value::String(exchange_.id);
    case Fact::kRequestSurface: return Value::String(pipeline::ToString(exchange_.surface));
    case Fact::kRequestOperation: return Value::String(pipeline::OperationName(exchange_.operation));
    case Fact::kRequestModel:
      return SubjectOf(exchange_).knows_model == Subject::Model::kUnknown ? Value::Absent()
                                                                          : Value::String(exchange_.model);
    case Fact::kRequestPath: {
      if (opaque_ == nullptr) return Value::String("");
      const std::string_view path = opaque_->path;
      return Value::String(path.substr(0, path.find('?')));
    }
    case Fact::kRequestBodyBytes: return Count(std::visit(BodySize{}, exchange_.operation));
    case Fact::kRequestStream: return Value::Bool(StreamsAnswer(exchange_.operation));
    default: break;
  }
  if (opaque_ != nullptr) return Value::Absent();  // nobody has looked into it
  switch (fact) {
    case Fact::kRequestTools: return Value::List(&tools_);
    case Fact::kRequestMaxOutputTokens:
      return chat_ != nullptr && chat_->max_output_tokens ? Count(*chat_->max_output_tokens) : Value::Int(kNoBound);
    case Fact::kRequestMessageCount: return Count(chat_ == nullptr ? 0 : chat_->messages.size());
    case Fact::kRequestInputCount: return Count(InputCount(exchange_.operation));
    case Fact::kRequestHasImages: return Has<llm::ImageBlock>(chat_);
    case Fact::kRequestHasDocuments: return Has<llm::DocumentBlock>(chat_);
    case Fact::kRequestHasAudio: return Has<llm::AudioBlock>(chat_);
    case Fact::kRequestUser: return Value::String(UserOf(exchange_.operation, chat_));
    default: return Value::Absent();
  }
}

Value ExchangeFacts::OfTime(Fact fact) const {
  switch (fact) {
    case Fact::kTimeNow: return TimeValue(now_);
    case Fact::kTimeHour: return Value::Int(clock_.At(now_).hour);
    case Fact::kTimeWeekday: return Value::String(WeekdayName(clock_.At(now_)));
    default: return Value::Absent();
  }
}

Value ExchangeFacts::OfContent(Fact fact) const {
  const cel::ListView* list = fact == Fact::kFindings ? content_.findings : content_.tools;
  return list == nullptr ? Value::Absent() : Value::List(list);
}

Value StandingFacts::Get(std::uint32_t slot) const {
  const auto fact = static_cast<Fact>(slot);
  const bool named = fact == Fact::kRequestModel && knows_model_ == Subject::Model::kKnown;
  const bool stands = fact <= Fact::kPrincipalClaims || fact == Fact::kRequestSurface || named;
  return stands ? facts_.Get(slot) : Value::Unknown();
}

Subject SubjectOf(const pipeline::Exchange& exchange) {
  const auto* opaque = std::get_if<pipeline::PassThroughCall>(&exchange.operation);
  const bool guessed = opaque != nullptr && opaque->model.empty();
  return {.principal = *exchange.principal,
          .surface = exchange.surface,
          .model = exchange.model,
          .knows_model = guessed ? Subject::Model::kUnknown : Subject::Model::kKnown};
}

}  // namespace gatehouse::features::policy
