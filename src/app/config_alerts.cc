#include "app/config_alerts.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "app/config_fetch.h"
#include "app/config_mail.h"
#include "app/tls_files.h"
#include "features/alerts/channel.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using features::alerts::AlertSettings;
using features::alerts::ChannelSettings;
using features::alerts::Route;
using features::common::Severity;

constexpr std::size_t kMostChannels = 64;
constexpr std::size_t kMostKeys = 2;  // the one in force and the one before it
constexpr codec::config::DurationRange kTimeouts = {
    .min = std::chrono::nanoseconds(std::chrono::milliseconds(100)).count(),
    .max = std::chrono::nanoseconds(std::chrono::minutes(2)).count()};
constexpr codec::config::DurationRange kSpans = {
    .min = std::chrono::nanoseconds(std::chrono::minutes(1)).count(),
    .max = std::chrono::nanoseconds(std::chrono::hours(24 * 3660)).count()};

std::vector<base::Secret> ReadKeys(const Node& list) {
  std::vector<base::Secret> keys;
  for (const Node& node : list.Elements()) {
    const auto text = node.AsSecret();
    if (!text) continue;
    auto key = features::alerts::ParseSigningSecret(*text);
    if (key.ok()) {
      keys.push_back(std::move(key).value());
    } else {
      node.AddProblem(key.error().public_message);
    }
  }
  if (keys.size() > kMostKeys) list.AddProblem("has more than two: the newest, and the one before it");
  return keys;
}

ChannelSettings ReadChannel(const Node& node, std::vector<std::string>& files) {
  constexpr std::array<Choice<ChannelSettings::Kind>, 3> kKinds = {{{"webhook", ChannelSettings::Kind::kWebhook},
                                                                    {"slack", ChannelSettings::Kind::kSlack},
                                                                    {"smtp", ChannelSettings::Kind::kMail}}};
  constexpr base::Duration kMailTime = std::chrono::minutes(1);  // mail servers may let a stranger wait
  constexpr std::size_t kLongestName = 64;
  ChannelSettings channel;
  channel.name = node.Required("name").AsString().value_or("");
  const bool plain = std::ranges::all_of(
      channel.name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
  if (!plain || channel.name.empty() || channel.name.size() > kLongestName) {
    node["name"].AddProblem("must be of lower-case letters, digits, - and _, at most 64");
  }
  channel.kind = node.Required("kind").AsEnum<ChannelSettings::Kind>(kKinds).value_or(channel.kind);
  if (channel.kind == ChannelSettings::Kind::kMail) channel.timeout = kMailTime;
  channel.timeout = node["timeout"].AsDuration(kTimeouts).value_or(channel.timeout);
  switch (channel.kind) {
    case ChannelSettings::Kind::kWebhook:
      channel.webhook.trust = ReadTrust(node, "allow_http", files);
      channel.webhook.url = ReadUrl(node.Required("url"), channel.webhook.trust.plaintext);
      channel.webhook.keys = ReadKeys(node["secrets"]);
      break;
    case ChannelSettings::Kind::kSlack:
      channel.slack.trust = ReadTrust(node, "allow_http", files);
      channel.slack.url = ReadUrl(node.Required("url"), channel.slack.trust.plaintext);
      break;
    case ChannelSettings::Kind::kMail: channel.mail = ReadMail(node, ReadTrust(node, "allow_plaintext", files)); break;
  }
  return channel;
}

bool IsKind(std::string_view pattern) {
  const bool open = pattern.ends_with('*');
  const std::string_view begin = open ? pattern.substr(0, pattern.size() - 1) : pattern;
  return std::ranges::any_of(features::common::kNoticeKinds,
                             [&](std::string_view kind) { return open ? kind.starts_with(begin) : kind == begin; });
}

std::string KnownKinds() {
  std::string known;
  for (const auto one : features::common::kNoticeKinds) known.append(known.empty() ? "" : ", ").append(one);
  return known;
}

Route ReadRoute(const Node& node, const AlertSettings& settings) {
  constexpr std::array<Choice<Severity>, 3> kSeverities = {
      {{"info", Severity::kInfo}, {"warning", Severity::kWarning}, {"critical", Severity::kCritical}}};
  Route route;
  route.kinds = node["kinds"].AsStrings().value_or(route.kinds);
  for (const std::string& kind : route.kinds) {
    if (!IsKind(kind)) node["kinds"].AddProblem("`" + kind + "` is no kind of alert; known: " + KnownKinds());
  }
  route.node = node["node"].AsString().value_or("");
  route.least = node["severity"].AsEnum<Severity>(kSeverities).value_or(route.least);
  route.channels = node.Required("to").AsStrings().value_or(route.channels);
  for (const std::string& name : route.channels) {
    if (std::ranges::find(settings.channels, name, &ChannelSettings::name) == settings.channels.end()) {
      node["to"].AddProblem("there is no channel `" + name + "`");
    }
  }
  return route;
}

}  // namespace

AlertSettings ReadAlerts(const Node& node, std::vector<std::string>& files) {
  AlertSettings settings;
  for (const Node& one : node["channels"].Elements()) {
    ChannelSettings channel = ReadChannel(one, files);
    if (std::ranges::find(settings.channels, channel.name, &ChannelSettings::name) != settings.channels.end()) {
      one.AddProblem("a channel of this name exists already");
    }
    settings.channels.push_back(std::move(channel));
  }
  if (settings.channels.size() > kMostChannels) node["channels"].AddProblem("has more than 64 channels");
  for (const Node& one : node["routes"].Elements()) settings.routes.push_back(ReadRoute(one, settings));
  settings.remind_every = node["remind_every"].AsDuration(kSpans).value_or(settings.remind_every);
  settings.retry_for = node["retry_for"].AsDuration(kSpans).value_or(settings.retry_for);
  settings.keep = node["keep"].AsDuration(kSpans).value_or(settings.keep);
  return settings;
}

}  // namespace gatehouse::app
