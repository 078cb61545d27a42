#include "features/alerts/said.h"

#include <algorithm>

#include "codec/text/percent.h"
#include "features/alerts/alert.h"
#include "http/url.h"

namespace gatehouse::features::alerts {
namespace {

constexpr std::size_t kLeast = 4;      // bytes: what is shorter is in every text
constexpr std::size_t kLeastPart = 8;  // of a URL: "/services" may be said, a token not
constexpr std::string_view kMark = "[...]";

// The parts of a path and a query.
std::vector<std::string_view> PartsOf(std::string_view target) {
  std::vector<std::string_view> parts;
  while (!target.empty()) {
    const std::size_t end = std::min(target.find_first_of("/?&="), target.size());
    if (end > 0) parts.push_back(target.substr(0, end));
    target.remove_prefix(std::min(end + 1, target.size()));
  }
  return parts;
}

void Remove(std::string& text, std::string_view secret) {
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kMark.size())) {
    text.replace(at, secret.size(), kMark);
  }
}

// The beginning of a secret at the end of what was read.
void RemoveCut(std::string& text, std::string_view secret) {
  for (std::size_t length = std::min(secret.size() - 1, text.size()); length >= kLeast; --length) {
    if (!text.ends_with(secret.substr(0, length))) continue;
    text.resize(text.size() - length);
    text += kMark;
    return;
  }
}

}  // namespace

void Confidential::Add(std::string_view secret) {
  if (secret.size() < kLeast) return;
  const auto shorter =
      std::ranges::find_if(secrets_, [&](const base::Secret& one) { return one.Reveal().size() < secret.size(); });
  secrets_.insert(shorter, base::Secret(std::string(secret)));
}

Confidential Confidential::OfUrl(std::string_view url) {
  Confidential confidential;
  confidential.Add(url);
  const auto parsed = http::ParseUrl(url);
  if (!parsed) return confidential;
  if (parsed->target.size() >= kLeastPart) confidential.Add(parsed->target);
  for (const std::string_view part : PartsOf(parsed->target)) {
    if (part.size() < kLeastPart) continue;
    confidential.Add(part);
    const auto decoded = codec::text::PercentDecode(part);
    if (decoded && *decoded != part) confidential.Add(*decoded);
  }
  return confidential;
}

std::string Confidential::Said(std::string_view text) const {
  std::string clean(text.substr(0, kMostRead));
  for (const base::Secret& one : secrets_) Remove(clean, one.Reveal());
  if (text.size() >= kMostRead) {
    for (const base::Secret& one : secrets_) RemoveCut(clean, one.Reveal());
  }
  return Printable(clean, kMostSaid);
}

}  // namespace gatehouse::features::alerts
