#include "app/config_fetch.h"

#include <utility>

#include "app/tls_files.h"

namespace gatehouse::app {

using codec::config::Node;

base::Secret ReadUrl(const Node& node, http::Plaintext plaintext) {
  auto url = node.AsSecret();
  if (!url) return {};
  const auto checked = http::CheckFetchUrl(url->Reveal(), plaintext);
  if (!checked.ok()) node.AddProblem(checked.error().detail);
  return *std::move(url);
}

http::Trust ReadTrust(const Node& node, std::string_view allow, std::vector<std::string>& files) {
  http::Trust trust{
      .plaintext = node[allow].AsBool().value_or(false) ? http::Plaintext::kAllowed : http::Plaintext::kOnLoopback,
      .ca_file = node["ca_file"].AsString().value_or("")};
  if (trust.ca_file.empty()) return trust;
  files.push_back(trust.ca_file);
  const auto usable = CheckUpstreamTls({.origin = {}, .base_path = {}, .tls = {.ca_file = trust.ca_file}});
  if (!usable.ok()) node["ca_file"].AddProblem(usable.error().public_message);
  return trust;
}

}  // namespace gatehouse::app
