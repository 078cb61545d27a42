#include "features/compliance/report_chart.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "features/compliance/html_writer.h"

namespace gatehouse::features::compliance {
namespace {

using Bars = std::vector<std::pair<std::string, std::uint64_t>>;

constexpr double kWidth = 720;
constexpr double kHeight = 150;
constexpr double kLeft = 64;
constexpr double kBase = 120;  // where the bars stand
constexpr double kTop = 12;
constexpr std::size_t kMaxBars = 130;

std::string Number(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

// Neighbours added up until there are few enough.
Bars Grouped(const Bars& bars) {
  const std::size_t each = (bars.size() + kMaxBars - 1) / kMaxBars;
  if (each <= 1) return bars;
  Bars grouped;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i % each == 0) grouped.emplace_back(bars[i].first, 0);
    grouped.back().second += bars[i].second;
  }
  return grouped;
}

// The next of 1, 2, 5, 10, 20 ... so that the scale has a round end.
std::uint64_t RoundUp(std::uint64_t value) {
  std::uint64_t power = 1;
  while (power <= value / 10) power *= 10;
  for (const std::uint64_t factor : {1U, 2U, 5U, 10U}) {
    if (power * factor >= value) return power * factor;
  }
  return value;
}

void WriteScale(std::string& svg, std::uint64_t top) {
  for (const auto& [part, y] :
       {std::pair<std::uint64_t, double>{top, kTop}, {top / 2, (kTop + kBase) / 2}, {0, kBase}}) {
    if (part == 0 && y != kBase) continue;
    svg += "<line class=\"grid\" x1=\"" + Number(kLeft) + "\" x2=\"" + Number(kWidth) + "\" y1=\"" + Number(y) +
           "\" y2=\"" + Number(y) + "\"/><text x=\"" + Number(kLeft - 6) + "\" y=\"" + Number(y + 4) +
           "\" text-anchor=\"end\">" + CountText(part) + "</text>";
  }
}

void WriteBars(std::string& svg, const Bars& bars, std::uint64_t top) {
  const double step = (kWidth - kLeft) / static_cast<double>(bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto& [label, count] = bars[i];
    const double height = (kBase - kTop) * static_cast<double>(count) / static_cast<double>(top);
    svg += "<rect class=\"bar\" x=\"" + Number(kLeft + step * static_cast<double>(i) + step * 0.1) + "\" y=\"" +
           Number(kBase - height) + "\" width=\"" + Number(std::min(step * 0.8, 60.0)) + "\" height=\"" +
           Number(height) + "\"><title>" + Escaped(label) + ": " + CountText(count) + "</title></rect>";
  }
}

void WriteLabels(std::string& svg, const Bars& bars) {
  const double step = (kWidth - kLeft) / static_cast<double>(bars.size());
  std::vector<std::size_t> places = {0};
  if (bars.size() > 2) places.push_back(bars.size() / 2);
  if (bars.size() > 1) places.push_back(bars.size() - 1);
  for (const std::size_t i : places) {
    const std::string_view anchor = i == 0 ? "start" : i + 1 == bars.size() ? "end" : "middle";
    const double at = step * (static_cast<double>(i) + (i == 0 ? 0.1 : i + 1 == bars.size() ? 1.0 : 0.5));
    svg += "<text x=\"" + Number(kLeft + at) + "\" y=\"" + Number(kBase + 18) + "\" text-anchor=\"" +
           std::string(anchor) + "\">" + Escaped(bars[i].first) + "</text>";
  }
}

}  // namespace

std::string BarChart(const Chart& chart) {
  const Bars bars = Grouped(chart.bars);
  std::uint64_t most = 0;
  for (const auto& [label, count] : bars) most = std::max(most, count);
  if (most == 0) return "";
  const std::uint64_t top = RoundUp(most);
  std::string svg = "<figure><figcaption>" + Escaped(chart.title) + "</figcaption><svg viewBox=\"0 0 " +
                    Number(kWidth) + " " + Number(kHeight) + "\" role=\"img\" aria-label=\"" + Escaped(chart.title) +
                    "\">";
  WriteScale(svg, top);
  WriteBars(svg, bars, top);
  WriteLabels(svg, bars);
  return svg + "</svg></figure>";
}

std::string VerdictBar(const std::vector<std::pair<std::string, std::uint64_t>>& parts) {
  constexpr double kBarHeight = 18;
  std::uint64_t total = 0;
  for (const auto& [name, count] : parts) total += count;
  if (total == 0) return "";
  std::string svg = "<svg class=\"whole\" viewBox=\"0 0 " + Number(kWidth) + " " + Number(kBarHeight) +
                    "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Controls by state\">";
  double at = 0;
  for (const auto& [name, count] : parts) {
    const double width = kWidth * static_cast<double>(count) / static_cast<double>(total);
    svg += "<rect class=\"fill-" + Escaped(name) + "\" x=\"" + Number(at) + "\" y=\"0\" width=\"" + Number(width) +
           "\" height=\"" + Number(kBarHeight) + "\"><title>" + Escaped(name) + ": " + CountText(count) +
           "</title></rect>";
    at += width;
  }
  return svg + "</svg>";
}

}  // namespace gatehouse::features::compliance
