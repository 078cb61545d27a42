#include <cstdint>
#include <cstdio>
#include <string>

#include "base/benchmark.h"
#include "base/check.h"
#include "codec/cel/cel.h"
#include "codec/cel/collection.h"

// What one evaluation of a typical rule costs, and one compilation.
namespace gatehouse::codec::cel {
namespace {

// The same facts twice: as variables with dotted names, and as maps.
struct Facts {
  Environment environment;
  std::array<Value, 3> tags = {Value::String("internal"), Value::String("chat"), Value::String("eu")};
  ArrayList tag_list{tags};
  std::array<Value, 4> agent_pairs = {Value::String("team"), Value::String("research"), Value::String("age"),
                                      Value::Int(3)};
  ArrayMap agent{agent_pairs, {}};
  Bindings bindings{Declare(environment)};

  static const Environment& Declare(Environment& environment) {
    environment.Declare("principal.team", Type::String());
    environment.Declare("request.model", Type::String());
    environment.Declare("request.tags", Type::List(Type::String()));
    environment.Declare("request.max_tokens", Type::Int());
    environment.Declare("agent", Type::Map(Type::String(), Type::Dyn()));
    return environment;
  }

  Facts() {
    bindings.Set(0, Value::String("research"));
    bindings.Set(1, Value::String("gpt-4o-mini"));
    bindings.Set(2, Value::List(&tag_list));
    bindings.Set(3, Value::Int(512));
    bindings.Set(4, Value::Map(&agent));
  }
};

volatile bool g_sink = false;  // keeps the work from being optimised away

void Report(const Facts& facts, const char* name, const char* source) {
  auto program = Compile(source, facts.environment, {.result = Type::Bool()});
  GH_CHECK(program.ok());
  Scratch scratch;
  const auto evaluate = [&] {
    const auto result = program.value().Test(facts.bindings, scratch);
    GH_CHECK(result.ok());
    g_sink = result.value();
  };
  const auto compile = [&] { GH_CHECK(Compile(source, facts.environment).ok()); };
  std::printf("%-12s %4zu instructions %8.0f ns to evaluate %8.1f us to compile\n", name, program.value().size(),
              base::MeasureNanoseconds(evaluate), base::MeasureNanoseconds(compile) / 1000);
}

}  // namespace
}  // namespace gatehouse::codec::cel

int main() {
  using namespace gatehouse::codec::cel;
  const Facts facts;
  Report(facts, "constant", "true");
  Report(facts, "typical",
         R"(principal.team == "research" && request.model.startsWith("gpt-") && !("pii" in request.tags))");
  Report(facts, "maps", R"(agent.team == "research" && agent.age < 10 && request.max_tokens <= 4096)");
  Report(facts, "list of 20",
         R"(request.model in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
                                 "p", "q", "r", "s", "gpt-4o-mini"])");
  Report(facts, "loop", R"(request.tags.exists(tag, tag.startsWith("e")) && request.tags.all(tag, size(tag) < 20))");
  Report(facts, "regex", R"(request.model.matches("^(gpt|claude)-[0-9a-z.-]+$"))");
  return 0;
}
