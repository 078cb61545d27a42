#include "app/config_witness.h"

#include <algorithm>
#include <string>
#include <utility>

#include "app/config_fetch.h"
#include "record/tlog/note.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;
using record::tlog::SignatureType;
using record::tlog::UnknownKey;
using record::tlog::VerifierKey;
using UnknownKeys = std::vector<UnknownWitnessKey>;

constexpr std::size_t kMostWitnesses = 16;
constexpr std::size_t kMostLogs = 1024;
constexpr codec::config::DurationRange kTimeouts = {
    .min = std::chrono::nanoseconds(std::chrono::milliseconds(100)).count(),
    .max = std::chrono::nanoseconds(std::chrono::minutes(1)).count()};

// A key that is wrong is a problem, and counts as one that is known: it is not passed over.
enum class Key : std::uint8_t { kKnown, kUnknown };

Key CheckKey(const Node& node, const std::string& text, SignatureType type, UnknownKeys& unknown) {
  if (const auto foreign = UnknownKey::Parse(text)) {
    unknown.push_back({.where = node.path(), .key = text, .type = foreign->type});
    return Key::kUnknown;
  }
  const auto key = VerifierKey::Parse(text);
  if (!key.ok()) {
    node.AddProblem(key.error().public_message);
  } else if (key.value().type() != type) {
    node.AddProblem(type == SignatureType::kCosignature ? "is the key of a log, not of a witness"
                                                        : "is the key of a witness, not of a log");
  }
  return Key::kKnown;
}

// With nothing but keys of unknown algorithms nothing could be checked.
void CheckRest(const Node& list, std::size_t known, const UnknownKeys& unknown) {
  if (known != 0 || unknown.empty()) return;
  std::string message = "has only keys of algorithms that are not known here:";
  for (const UnknownWitnessKey& key : unknown) {
    message.append(key.where == unknown.front().where ? " " : ", ");
    message.append(key.key).append(" (algorithm ").append(std::to_string(key.type)).append(")");
  }
  list.AddProblem(std::move(message));
}

// nullopt: its key is of an algorithm that is not known.
std::optional<WitnessConfig> ReadWitness(const Node& node, UnknownKeys& unknown) {
  WitnessConfig witness;
  std::vector<std::string> files;  // who asks connects anew after each failure
  const http::Trust trust = ReadTrust(node, "allow_http", files);
  witness.plaintext = trust.plaintext;
  witness.ca_file = trust.ca_file;
  witness.url = ReadUrl(node.Required("url"), trust.plaintext).Reveal();
  while (witness.url.ends_with('/')) witness.url.pop_back();
  witness.key = node.Required("key").AsString().value_or("");
  witness.timeout = node["timeout"].AsDuration(kTimeouts).value_or(witness.timeout);
  if (witness.key.empty()) return witness;
  const Key key = CheckKey(node["key"], witness.key, SignatureType::kCosignature, unknown);
  return key == Key::kKnown ? std::optional(std::move(witness)) : std::nullopt;
}

}  // namespace

std::vector<WitnessConfig> ReadWitnesses(const Node& list, UnknownKeys& unknown) {
  std::vector<WitnessConfig> witnesses;
  UnknownKeys passed_over;
  for (const Node& node : list.Elements()) {
    if (auto witness = ReadWitness(node, passed_over)) witnesses.push_back(*std::move(witness));
  }
  if (witnesses.size() + passed_over.size() > kMostWitnesses) list.AddProblem("has more than 16");
  CheckRest(list, witnesses.size(), passed_over);
  unknown.insert(unknown.end(), passed_over.begin(), passed_over.end());
  return witnesses;
}

std::optional<WitnessServiceConfig> ReadWitnessService(const Node& node, UnknownKeys& unknown) {
  if (!node.IsPresent()) return {};
  constexpr std::int64_t kMostPort = 65'535;
  WitnessServiceConfig service;
  service.address = node["address"].AsString().value_or(service.address);
  service.port = static_cast<std::uint16_t>(node.Required("port").AsInteger({.min = 0, .max = kMostPort}).value_or(0));
  service.key_file = node.Required("key").AsString().value_or("");
  service.state = node["state"].AsString().value_or("");
  UnknownKeys passed_over;
  for (const Node& log : node.Required("logs").Elements()) {
    std::string key = log.AsString().value_or("");
    if (CheckKey(log, key, SignatureType::kEd25519, passed_over) == Key::kKnown) service.logs.push_back(std::move(key));
  }
  if (service.logs.size() + passed_over.size() > kMostLogs) node["logs"].AddProblem("has more than 1024");
  CheckRest(node["logs"], service.logs.size(), passed_over);
  unknown.insert(unknown.end(), passed_over.begin(), passed_over.end());
  return service;
}

}  // namespace gatehouse::app
