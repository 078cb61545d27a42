#include "features/alerts/settings.h"

#include <algorithm>
#include <string_view>

namespace gatehouse::features::alerts {
namespace {

bool IsAt(std::string_view path, std::string_view node) {
  if (node.empty()) return true;
  return path.starts_with(node) && (path.size() == node.size() || path[node.size()] == '/');
}

bool IsOf(std::string_view kind, std::string_view pattern) {
  if (!pattern.ends_with('*')) return kind == pattern;
  return kind.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool Concerns(const Route& route, const common::Notice& notice) {
  const bool kind = route.kinds.empty() || std::ranges::any_of(route.kinds, [&](const std::string& pattern) {
                      return IsOf(notice.kind, pattern);
                    });
  return kind && notice.severity >= route.least && IsAt(notice.path, route.node);
}

}  // namespace

std::vector<std::string> ChannelsFor(const AlertSettings& settings, const common::Notice& notice) {
  std::vector<std::string> names;
  for (const ChannelSettings& channel : settings.channels) {
    const bool goes =
        settings.routes.empty() || std::ranges::any_of(settings.routes, [&](const Route& route) {
          return Concerns(route, notice) && std::ranges::find(route.channels, channel.name) != route.channels.end();
        });
    if (goes) names.push_back(channel.name);
  }
  return names;
}

}  // namespace gatehouse::features::alerts
