#include "features/accounting/reconcile.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"

namespace gatehouse::features::accounting {
namespace {

using Measure = Compared::Measure;
using Verdict = Compared::Verdict;

constexpr std::array<Measure, 4> kMeasures = {Measure::kUsd, Measure::kRequests, Measure::kInput, Measure::kOutput};

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Without "-2026-01-31" or "-20260131", in lower case.
std::string CanonicalModel(std::string_view name) {
  constexpr std::size_t kDashed = 11;
  constexpr std::size_t kPlain = 9;
  if (name.size() > kDashed) {
    const std::string_view end = name.substr(name.size() - kDashed);
    const bool date = end[0] == '-' && end[5] == '-' && end[8] == '-' && IsDigits(end.substr(1, 4)) &&
                      IsDigits(end.substr(6, 2)) && IsDigits(end.substr(9, 2));
    if (date) name.remove_suffix(kDashed);
  }
  if (name.size() > kPlain) {
    const std::string_view end = name.substr(name.size() - kPlain);
    if (end.starts_with("-20") && IsDigits(end.substr(1))) name.remove_suffix(kPlain);
  }
  std::string canonical(name);
  std::ranges::transform(canonical, canonical.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return canonical;
}

std::optional<std::int64_t> FigureOf(const BillLine& line, Measure measure) {
  switch (measure) {
    case Measure::kUsd: return line.cost ? std::optional(line.cost->value) : std::nullopt;
    case Measure::kRequests: return line.requests;
    case Measure::kInput: return line.input;
    case Measure::kOutput: return line.output;
  }
  return {};
}

Verdict Judge(const Compared& figure, const Tolerance& tolerance) {
  const __int128 apart = figure.ours > figure.theirs ? static_cast<__int128>(figure.ours) - figure.theirs
                                                     : static_cast<__int128>(figure.theirs) - figure.ours;
  if (apart == 0) return Verdict::kSame;
  if (figure.measure == Measure::kUsd && apart <= tolerance.usd.value) return Verdict::kWithin;
  const __int128 larger = std::max(std::abs(figure.ours), std::abs(figure.theirs));
  return apart * 10'000 <= larger * tolerance.permyriad ? Verdict::kWithin : Verdict::kBeyond;
}

using Key = std::tuple<std::int64_t, std::string, Measure>;
using Sides = std::pair<std::int64_t, std::int64_t>;

void Add(std::int64_t& sum, std::int64_t more) { sum = (base::NanoUsd{sum} + base::NanoUsd{more}).value; }

std::string FigureText(Measure measure, std::int64_t figure) {
  return measure == Measure::kUsd ? base::FormatUsd({figure}) : std::to_string(figure);
}

// "+1.25 %", with two decimals, towards zero.
std::string PercentOf(const Compared& figure) {
  if (figure.theirs == 0) return figure.ours == 0 ? "0 %" : "-";
  const __int128 permyriad = static_cast<__int128>(figure.difference()) * 10'000 / std::abs(figure.theirs);
  const auto whole = static_cast<std::int64_t>(permyriad < 0 ? -permyriad : permyriad);
  std::string text = std::to_string(whole / 100) + "." + (whole % 100 < 10 ? "0" : "") + std::to_string(whole % 100);
  return (permyriad < 0 ? "-" : "+") + text + " %";
}

std::string_view WordOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame: return "same";
    case Verdict::kWithin: return "within";
    case Verdict::kBeyond: return "BEYOND";
  }
  return "";
}

std::string DayText(std::int64_t milliseconds) {
  constexpr std::size_t kDate = 10;
  return codec::cel::TimestampText({milliseconds / 1000, 0}).substr(0, kDate);
}

using TextRow = std::array<std::string, 8>;

TextRow RowFor(const Compared& figure, std::string day, std::string model) {
  return {std::move(day),
          std::move(model),
          std::string(ToString(figure.measure)),
          FigureText(figure.measure, figure.theirs),
          FigureText(figure.measure, figure.ours),
          FigureText(figure.measure, figure.difference()),
          PercentOf(figure),
          std::string(WordOf(figure.verdict))};
}

std::string Table(const std::vector<TextRow>& rows) {
  std::array<std::size_t, 8> widths{};
  for (const TextRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths.at(i) = std::max(widths.at(i), row.at(i).size());
  }
  std::string text;
  for (const TextRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths.at(i) - row.at(i).size(), ' ');
      const bool right = i >= 3 && i < row.size() - 1;  // figures
      text.append(right ? pad + row.at(i) : row.at(i) + pad).append(i + 1 == row.size() ? "" : "  ");
    }
    while (text.ends_with(' ')) text.pop_back();
    text.push_back('\n');
  }
  return text;
}

void WriteFigure(codec::json::Writer& writer, const Compared& figure) {
  writer.BeginObject();
  if (!figure.model.empty()) writer.Field("day", DayText(figure.day_ms)).Field("model", figure.model);
  writer.Field("measure", ToString(figure.measure))
      .Field("provider", FigureText(figure.measure, figure.theirs))
      .Field("ledger", FigureText(figure.measure, figure.ours))
      .Field("difference", FigureText(figure.measure, figure.difference()))
      .Field("beyond", figure.verdict == Verdict::kBeyond)
      .EndObject();
}

}  // namespace

std::string_view ToString(Measure measure) {
  switch (measure) {
    case Measure::kUsd: return "usd";
    case Measure::kRequests: return "requests";
    case Measure::kInput: return "input";
    case Measure::kOutput: return "output";
  }
  return "";
}

bool Reconciliation::agrees() const {
  const auto fine = [](const Compared& figure) { return figure.verdict != Verdict::kBeyond; };
  return std::ranges::all_of(figures, fine) && std::ranges::all_of(totals, fine);
}

Reconciliation Reconcile(const Bill& theirs, const Bill& ours, const Tolerance& tolerance) {
  std::map<Key, Sides> sides;
  std::set<std::int64_t> days;
  std::set<Measure> measures;
  for (const BillLine& line : theirs.lines) {
    days.insert(line.day_ms);
    for (const Measure measure : kMeasures) {
      const auto figure = FigureOf(line, measure);
      if (!figure) continue;
      measures.insert(measure);
      Add(sides[{line.day_ms, CanonicalModel(line.model), measure}].first, *figure);
    }
  }
  for (const BillLine& line : ours.lines) {
    if (!days.contains(line.day_ms)) continue;
    for (const Measure measure : measures) {
      Add(sides[{line.day_ms, CanonicalModel(line.model), measure}].second, FigureOf(line, measure).value_or(0));
    }
  }
  Reconciliation result;
  std::map<Measure, Compared> totals;
  for (const auto& [key, figures] : sides) {
    const auto& [day, model, measure] = key;
    Compared compared{
        .day_ms = day, .model = model, .measure = measure, .theirs = figures.first, .ours = figures.second};
    if (compared.theirs == 0 && compared.ours == 0) continue;
    compared.verdict = Judge(compared, tolerance);
    Compared& total = totals[measure];
    total.measure = measure;
    Add(total.theirs, compared.theirs);
    Add(total.ours, compared.ours);
    result.figures.push_back(std::move(compared));
  }
  for (auto& [measure, total] : totals) {
    total.verdict = Judge(total, tolerance);
    result.totals.push_back(std::move(total));
  }
  return result;
}

std::string ReconciliationText(const Reconciliation& reconciliation, Shown shown) {
  std::vector<TextRow> rows = {{"day", "model", "what", "provider", "ledger", "difference", "", ""}};
  std::size_t beyond = 0;
  for (const Compared& figure : reconciliation.figures) {
    const bool differs = figure.verdict == Verdict::kBeyond;
    beyond += differs ? 1 : 0;
    if (differs || shown == Shown::kAll) rows.push_back(RowFor(figure, DayText(figure.day_ms), figure.model));
  }
  for (const Compared& total : reconciliation.totals) rows.push_back(RowFor(total, "all", ""));
  std::string text = Table(rows);
  text += std::to_string(beyond) + " of " + std::to_string(reconciliation.figures.size()) +
          " figures differ by more than is tolerated\n";
  return text;
}

std::string ReconciliationJson(const Reconciliation& reconciliation) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject().Field("agrees", reconciliation.agrees()).Key("figures").BeginArray();
  for (const Compared& figure : reconciliation.figures) WriteFigure(writer, figure);
  writer.EndArray().Key("totals").BeginArray();
  for (const Compared& total : reconciliation.totals) WriteFigure(writer, total);
  writer.EndArray().EndObject();
  out.push_back('\n');
  return out;
}

}  // namespace gatehouse::features::accounting
