#include "app/config_witness.h"

#include <algorithm>
#include <utility>

#include "app/config_fetch.h"
#include "record/tlog/note.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;
using record::tlog::SignatureType;
using record::tlog::VerifierKey;

constexpr std::size_t kMostWitnesses = 16;
constexpr std::size_t kMostLogs = 1024;
constexpr codec::config::DurationRange kTimeouts = {
    .min = std::chrono::nanoseconds(std::chrono::milliseconds(100)).count(),
    .max = std::chrono::nanoseconds(std::chrono::minutes(1)).count()};

void CheckKey(const Node& node, const std::string& text, SignatureType type) {
  const auto key = VerifierKey::Parse(text);
  if (!key.ok()) return node.AddProblem(key.error().public_message);
  if (key.value().type() != type) {
    node.AddProblem(type == SignatureType::kCosignature ? "is the key of a log, not of a witness"
                                                        : "is the key of a witness, not of a log");
  }
}

WitnessConfig ReadWitness(const Node& node) {
  WitnessConfig witness;
  std::vector<std::string> files;  // who asks connects anew after each failure
  const http::Trust trust = ReadTrust(node, "allow_http", files);
  witness.plaintext = trust.plaintext;
  witness.ca_file = trust.ca_file;
  witness.url = ReadUrl(node.Required("url"), trust.plaintext).Reveal();
  while (witness.url.ends_with('/')) witness.url.pop_back();
  witness.key = node.Required("key").AsString().value_or("");
  if (!witness.key.empty()) CheckKey(node["key"], witness.key, SignatureType::kCosignature);
  witness.timeout = node["timeout"].AsDuration(kTimeouts).value_or(witness.timeout);
  return witness;
}

}  // namespace

std::vector<WitnessConfig> ReadWitnesses(const Node& list) {
  std::vector<WitnessConfig> witnesses;
  for (const Node& node : list.Elements()) witnesses.push_back(ReadWitness(node));
  if (witnesses.size() > kMostWitnesses) list.AddProblem("has more than 16");
  return witnesses;
}

std::optional<WitnessServiceConfig> ReadWitnessService(const Node& node) {
  if (!node.IsPresent()) return {};
  constexpr std::int64_t kMostPort = 65'535;
  WitnessServiceConfig service;
  service.address = node["address"].AsString().value_or(service.address);
  service.port = static_cast<std::uint16_t>(node.Required("port").AsInteger({.min = 0, .max = kMostPort}).value_or(0));
  service.key_file = node.Required("key").AsString().value_or("");
  service.state = node["state"].AsString().value_or("");
  for (const Node& log : node.Required("logs").Elements()) {
    service.logs.push_back(log.AsString().value_or(""));
    CheckKey(log, service.logs.back(), SignatureType::kEd25519);
  }
  if (service.logs.size() > kMostLogs) node["logs"].AddProblem("has more than 1024");
  return service;
}

}  // namespace gatehouse::app
