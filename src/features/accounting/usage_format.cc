#include "features/accounting/usage_format.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"

namespace gatehouse::features::accounting {
namespace {

using codec::cel::Civil;
using codec::cel::TimestampText;

std::string TimeText(std::int64_t milliseconds) {
  const std::int64_t seconds = milliseconds / 1000;
  return TimestampText({seconds, static_cast<std::uint32_t>(milliseconds % 1000) * 1'000'000});
}

// A field of RFC 4180.
void AppendField(std::string& out, std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos &&
                       text.find_first_not_of("-0123456789.") != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out.append(text);
    return;
  }
  out.push_back('"');
  if (formula) out.push_back('\'');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

void AppendLine(std::string& out, const std::vector<std::string>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendField(out, fields[i]);
  }
  out.append("\r\n");
}

std::string KeyText(UsageKey key, const store::Value& value, const NodeName& names) {
  if (key == UsageKey::kTime) return TimeText(store::IntegerOf(value));
  if (!IsNode(key)) return std::string(store::TextOf(value));
  const std::int64_t id = store::IntegerOf(value);
  return id == 0 ? "" : names({id});
}

constexpr std::array<std::string_view, 8> kFigures = {"exchanges",   "estimated", "input",     "cache_read",
                                                      "cache_write", "output",    "reasoning", "usd"};

std::array<std::int64_t, 7> FiguresOf(const UsageLine& line) {
  return {line.exchanges, line.estimated, line.input, line.cache_read, line.cache_write, line.output, line.reasoning};
}

// The first day of the month that a time lies in, and of the next.
std::pair<std::string, std::string> BillingPeriod(std::int64_t milliseconds) {
  constexpr std::int64_t kDay = 86'400;
  const Civil civil = codec::cel::ToCivil(milliseconds / 1000);
  const bool december = civil.month == 12;
  const std::int64_t first = codec::cel::DaysFromCivil(civil.year, civil.month, 1);
  const std::int64_t next =
      codec::cel::DaysFromCivil(december ? civil.year + 1 : civil.year, december ? 1 : civil.month + 1, 1);
  return {TimestampText({first * kDay, 0}), TimestampText({next * kDay, 0})};
}

// FOCUS 1.1, in the order of its alphabetical list.
constexpr std::array<std::string_view, 31> kFocusColumns = {"BilledCost",
                                                            "BillingAccountId",
                                                            "BillingAccountName",
                                                            "BillingCurrency",
                                                            "BillingPeriodEnd",
                                                            "BillingPeriodStart",
                                                            "ChargeCategory",
                                                            "ChargeClass",
                                                            "ChargeDescription",
                                                            "ChargeFrequency",
                                                            "ChargePeriodEnd",
                                                            "ChargePeriodStart",
                                                            "ConsumedQuantity",
                                                            "ConsumedUnit",
                                                            "ContractedCost",
                                                            "EffectiveCost",
                                                            "InvoiceIssuerName",
                                                            "ListCost",
                                                            "PricingCategory",
                                                            "PricingQuantity",
                                                            "PricingUnit",
                                                            "ProviderName",
                                                            "PublisherName",
                                                            "ResourceId",
                                                            "ResourceName",
                                                            "ResourceType",
                                                            "ServiceCategory",
                                                            "ServiceName",
                                                            "SkuId",
                                                            "SubAccountId",
                                                            "SubAccountName"};

std::vector<std::string> FocusFields(const UsageLine& line, const NodeName& names) {
  const std::int64_t begin = store::IntegerOf(line.keys.at(0));
  const std::int64_t organization = store::IntegerOf(line.keys.at(1));
  const std::int64_t project = store::IntegerOf(line.keys.at(2));
  const std::string provider(store::TextOf(line.keys.at(3)));
  const std::string model(store::TextOf(line.keys.at(4)));
  const std::string upstream(store::TextOf(line.keys.at(5)));
  const auto [period_begin, period_end] = BillingPeriod(begin);
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::string cost = base::FormatUsd(line.cost);
  const std::string tokens =
      std::to_string(line.input + line.cache_read + line.cache_write + line.output + line.reasoning);
  const auto id = [](std::int64_t node) { return node == 0 ? std::string() : std::to_string(node); };
  return {cost,
          id(organization),
          organization == 0 ? "" : names({organization}),
          "USD",
          period_end,
          period_begin,
          "Usage",
          "",
          std::to_string(line.exchanges) + " exchanges with " + model,
          "Usage-Based",
          TimeText(begin + kDayMs),
          TimeText(begin),
          tokens,
          "Tokens",
          cost,
          cost,
          provider,
          cost,
          "Standard",
          tokens,
          "Tokens",
          provider,
          provider,
          provider + "/" + upstream,
          upstream,
          "Model",
          "AI and Machine Learning",
          model,
          provider + "/" + upstream,
          id(project),
          project == 0 ? "" : names({project})};
}

}  // namespace

std::string UsageAsJson(const UsageQuery& query, const UsageReport& report, const NodeName& names) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject().Key("lines").BeginArray();
  for (const UsageLine& line : report.lines) {
    writer.BeginObject();
    for (std::size_t i = 0; i < query.by.size(); ++i) {
      const std::string name(ToString(query.by[i]));
      const std::string text = KeyText(query.by[i], line.keys.at(i), names);
      if (IsNode(query.by[i])) {
        writer.Key(name).BeginObject().Field("id", std::to_string(store::IntegerOf(line.keys.at(i))));
        writer.Field("path", text).EndObject();
      } else {
        writer.Field(name, text);
      }
    }
    const auto figures = FiguresOf(line);
    for (std::size_t i = 0; i < figures.size(); ++i) writer.Field(kFigures.at(i), figures.at(i));
    writer.Field("usd", base::FormatUsd(line.cost)).EndObject();
  }
  writer.EndArray().Key("complete").Bool(report.complete).EndObject();
  return out;
}

std::string UsageAsCsv(const UsageQuery& query, const UsageReport& report, const NodeName& names) {
  std::string out;
  std::vector<std::string> fields;
  fields.reserve(query.by.size() + std::size(kFigures));
  for (const UsageKey key : query.by) fields.emplace_back(ToString(key));
  for (const std::string_view figure : kFigures) fields.emplace_back(figure);
  AppendLine(out, fields);
  for (const UsageLine& line : report.lines) {
    fields.clear();
    for (std::size_t i = 0; i < query.by.size(); ++i) fields.push_back(KeyText(query.by[i], line.keys.at(i), names));
    for (const std::int64_t figure : FiguresOf(line)) fields.push_back(std::to_string(figure));
    fields.push_back(base::FormatUsd(line.cost));
    AppendLine(out, fields);
  }
  return out;
}

UsageQuery FocusQuery(UsageQuery span) {
  span.grain = Grain::kDay;
  span.by = {UsageKey::kTime,     UsageKey::kOrganization, UsageKey::kProject,
             UsageKey::kProvider, UsageKey::kModel,        UsageKey::kUpstreamModel};
  return span;
}

std::string UsageAsFocus(const UsageReport& report, const NodeName& names) {
  std::string out;
  AppendLine(out, {kFocusColumns.begin(), kFocusColumns.end()});
  for (const UsageLine& line : report.lines) AppendLine(out, FocusFields(line, names));
  return out;
}

}  // namespace gatehouse::features::accounting
