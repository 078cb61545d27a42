#include "app/registrations.h"

#include <array>
#include <utility>

#include "features/accounting/adjustment.h"
#include "features/accounting/schema.h"
#include "features/alerts/schema.h"
#include "features/identity/tenancy_schema.h"
#include "features/oversight/schema.h"
#include "providers/anthropic/anthropic.h"
#include "providers/azure_openai/azure_openai.h"
#include "providers/bedrock/bedrock.h"
#include "providers/cohere/cohere.h"
#include "providers/gemini/gemini.h"
#include "providers/openai/openai.h"
#include "providers/simulated/simulated.h"

namespace gatehouse::app {
namespace {

// One line per provider.
constexpr std::pair<std::string_view, providers::common::ReadBlueprint> kProviders[] = {
    {"anthropic", &providers::anthropic::Read},
    {"azure_openai", &providers::azure_openai::Read},
    {"bedrock", &providers::bedrock::Read},
    {"cohere", &providers::cohere::Read},
    {"gemini", &providers::gemini::ReadGemini},
    {"openai", &providers::openai::ReadOpenAi},
    {"openai_compatible", &providers::openai::ReadCompatible},
    {"simulated", &providers::simulated::Read},
    {"vertex", &providers::gemini::ReadVertex},
};

}  // namespace

providers::common::ReadBlueprint FindProviderKind(std::string_view kind) {
  for (const auto& [name, read] : kProviders) {
    if (name == kind) return read;
  }
  return nullptr;
}

std::vector<std::string_view> ProviderKinds() {
  std::vector<std::string_view> names;
  for (const auto& [name, read] : kProviders) names.push_back(name);
  return names;
}

// One line per part.
std::vector<store::Schema> Schemas() {
  return {features::identity::TenancySchema(), features::accounting::LedgerSchema(),
          features::accounting::AdjustmentSchema(), features::alerts::AlertSchema(),
          features::oversight::OversightSchema()};
}

}  // namespace gatehouse::app
