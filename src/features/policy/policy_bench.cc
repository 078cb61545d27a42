#include <cstdio>
#include <memory>
#include <string>

#include "base/benchmark.h"
#include "base/check.h"
#include "codec/config/tree.h"
#include "features/policy/facts.h"
#include "features/policy/recorder.h"
#include "features/policy/rule_reader.h"
#include "net/fake/fake_loop.h"
#include "pipeline/exchange.h"

// What twenty rules cost a request that three of them are about, with what is noted for `policy explain`.
namespace gatehouse::features::policy {
namespace {

constexpr std::string_view kAbout = R"(
  - { id: stream, effect: deny, when: 'request.stream && principal.team != "search"' }
  - { id: long, match: { models: ["gpt-*"] }, effect: deny, when: 'request.max_output_tokens > 100000' }
  - { id: tools, match: { principals: [acme] }, effect: deny, when: '"shell" in request.tools && !("ops" in principal.groups)' }
)";

std::shared_ptr<const RuleSet> TwentyRules() {
  std::string yaml = "rules:" + std::string(kAbout);
  for (int i = 0; i < 17; ++i) {
    yaml += "  - { id: other-" + std::to_string(i) + ", match: { principals: [other-" + std::to_string(i) +
            "], models: [o1] }, effect: deny, when: 'request.stream' }\n";
  }
  const auto tree = codec::config::Tree::Parse(yaml).value();
  auto rules = ReadRules(tree.root(), {});
  GH_CHECK(tree.Finish().ok());
  return rules;
}

volatile int g_sink = 0;  // keeps the work from being optimised away

void Run() {
  base::FakeClock clock;
  net::fake::FakeLoop loop(clock);
  base::Random random(1);
  const auto rules = TwentyRules();
  auto body = pipeline::JsonBody::Parse(R"({"model":"gpt-5"})").value();
  auto request = std::make_unique<llm::ChatRequest>();
  for (const auto* name : {"search", "fetch", "calculator"}) request->tools.push_back({.name = name});
  pipeline::Exchange exchange(loop, random, pipeline::Surface::kOpenAiChat,
                              pipeline::ChatCall{.dialect = llm::DialectId::kOpenAiChat,
                                                 .body = std::move(body),
                                                 .request = std::move(request),
                                                 .version = ""});
  exchange.id = "req_01JDK3T5V6W7X8Y9Z0A1B2C3D4";
  exchange.model = "gpt-5";
  pipeline::Principal principal{.organization = "acme", .team = "research", .name = "app"};
  principal.groups = {"staff", "gpu"};
  exchange.principal = std::make_shared<const pipeline::Principal>(std::move(principal));

  codec::cel::Scratch scratch;
  Recorder recorder;
  const Subject subject = SubjectOf(exchange);
  LocalClock local(rules->zone());
  const auto made = [&] {
    const ExchangeFacts facts(exchange, clock.Wall(), local, nullptr);
    return rules->DocketOf(pipeline::Phase::kRequest, subject, StandingFacts(facts, subject.knows_model), scratch);
  };
  Docket docket = made();
  GH_CHECK(docket.findings().size() == 3);
  Verdict verdict;
  const auto select = [&] { g_sink = static_cast<int>(made().findings().size()); };
  const auto judge = [&] {
    const ExchangeFacts facts(exchange, clock.Wall(), local, nullptr);
    verdict = RuleSet::Judge(docket, facts, scratch);
    g_sink = static_cast<int>(verdict.effect);
  };
  const auto note = [&] {
    judge();
    recorder.Note({.request_id = exchange.id,
                   .when = clock.Wall(),
                   .surface = "openai.chat",
                   .model = exchange.model,
                   .took = {}},
                  pipeline::Phase::kRequest, docket, rules);
  };
  const auto report = [](const char* name, double nanoseconds) { std::printf("%-44s %7.0f ns\n", name, nanoseconds); };
  report("select 3 of 20 rules (once for each caller)", base::MeasureNanoseconds(select));
  report("judge 3 rules", base::MeasureNanoseconds(judge));
  report("judge 3 rules and note it", base::MeasureNanoseconds(note));
}

}  // namespace
}  // namespace gatehouse::features::policy

int main() {
  gatehouse::features::policy::Run();
  return 0;
}
