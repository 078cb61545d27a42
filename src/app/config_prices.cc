#include "app/config_prices.h"

#include <utility>

#include "app/config.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;

base::Result<llm::price::CatalogueFile> ReadFileOf(const llm::price::Settings& settings) {
  if (settings.catalogue_file.empty()) return llm::price::ReadCatalogueFile(llm::price::DefaultCatalogueText());
  GH_TRY(const std::string text, ReadFile(settings.catalogue_file));
  return llm::price::ReadCatalogueFile(text);
}

std::vector<llm::price::PricedProvider> Providers(const Node& root) {
  std::vector<llm::price::PricedProvider> providers;
  for (const Node& node : root["providers"].Elements()) {
    providers.push_back({.name = node["name"].AsString().value_or(""), .kind = node["kind"].AsString().value_or("")});
  }
  return providers;
}

}  // namespace

std::shared_ptr<const llm::price::Catalogue> ReadPrices(const Node& root, std::vector<std::string>& files) {
  const Node node = root["prices"];
  llm::price::Settings settings = llm::price::ReadSettings(node);
  if (!settings.catalogue_file.empty()) files.push_back(settings.catalogue_file);
  auto file = ReadFileOf(settings);
  if (!file.ok()) {
    node["catalogue"].AddProblem(file.error().public_message);
    return nullptr;
  }
  auto catalogue = llm::price::Catalogue::Make(std::move(file).value(), std::move(settings), Providers(root));
  if (!catalogue.ok()) {
    node.AddProblem(catalogue.error().public_message);
    return nullptr;
  }
  return std::move(catalogue).value();
}

}  // namespace gatehouse::app
