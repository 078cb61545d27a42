#include "inspect/eval/score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "codec/json/writer.h"

namespace gatehouse::inspect::eval {
namespace {

constexpr std::string_view kAddress = "ADDRESS";
constexpr std::string_view kLocation = "LOCATION";

constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"STREET_ADDRESS", kAddress},
    {"ZIP_CODE", kAddress},
    {"UK_POSTCODE", kAddress},
    {"GPE", kLocation},
    {"DOMAIN_NAME", "URL"},
    {"DATE_OF_BIRTH", "DATE_TIME"},
    {"TITLE", ""},
    {"PREFIX", ""},
    {"AGE", ""},
    {"ORGANIZATION", ""},
});

bool IsUnstructured(std::string_view type) {
  return type == "PERSON" || type == "NRP" || type == kAddress || type == kLocation;
}

bool HasCheckDigits(std::string_view type) {
  static constexpr auto kWithout = std::to_array<std::string_view>(
      {"PHONE_NUMBER", "EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "URL", "DATE_TIME", "US_DRIVER_LICENSE",
       "US_PASSPORT", "US_BANK_NUMBER", "MEDICAL_RECORD_NUMBER", "UK_VEHICLE_REGISTRATION", "IN_VEHICLE_REGISTRATION"});
  return !IsUnstructured(type) && std::ranges::find(kWithout, type) == kWithout.end();
}

// Whether a finding of type `a` is right about a mark of type `b`.
bool StandsFor(std::string_view a, std::string_view b) {
  const auto is_place = [](std::string_view type) { return type == kAddress || type == kLocation; };
  return a == b || (is_place(a) && is_place(b));
}

bool Overlap(Span a, Span b) { return a.begin < b.end && b.begin < a.end; }

std::string Formatted(const char* format, auto... values) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), format, values...);
  return line.data();
}

double Part(std::uint64_t some, std::uint64_t others) {
  return some + others == 0 ? 1 : static_cast<double>(some) / static_cast<double>(some + others);
}

std::string Line(std::string_view name, const Tally& tally) {
  return Formatted("%-28s %7llu %7llu %7llu   %6.3f %6.3f %6.3f %6.3f\n", std::string(name).c_str(),
                   static_cast<unsigned long long>(tally.found), static_cast<unsigned long long>(tally.missed),
                   static_cast<unsigned long long>(tally.wrong), tally.Precision(), tally.Recall(), tally.F(1),
                   tally.F(2));
}

void Write(codec::json::Writer& writer, const Tally& tally) {
  writer.BeginObject()
      .Field("found", tally.found)
      .Field("missed", tally.missed)
      .Field("right", tally.right)
      .Field("wrong", tally.wrong)
      .Field("precision", tally.Precision())
      .Field("recall", tally.Recall())
      .Field("f1", tally.F(1))
      .Field("f2", tally.F(2))
      .EndObject();
}

}  // namespace

double Tally::Precision() const { return Part(right, wrong); }
double Tally::Recall() const { return Part(found, missed); }

double Tally::F(double beta) const {
  const double precision = Precision();
  const double recall = Recall();
  const double weighed = beta * beta * precision + recall;
  return weighed == 0 ? 0 : (1 + beta * beta) * precision * recall / weighed;
}

Tally& Tally::operator+=(const Tally& other) {
  found += other.found;
  missed += other.missed;
  right += other.right;
  wrong += other.wrong;
  return *this;
}

std::string_view TypeOf(std::string_view entity) {
  const auto found = std::ranges::find(kTypes, entity, &std::pair<std::string_view, std::string_view>::first);
  return found == kTypes.end() ? entity : found->second;
}

void Score::AddMarks(const Row& row, std::span<const Finding> findings) {
  for (const Row::Marked& mark : row.marked) {
    const std::string_view type = TypeOf(mark.type);
    if (type.empty()) {
      ++unsought_[mark.type];
      continue;
    }
    const bool found = std::ranges::any_of(findings, [&](const Finding& finding) {
      return Overlap(finding.span, mark.span) && StandsFor(TypeOf(finding.entity), type);
    });
    Tally& tally = tallies_[std::string(type)];
    ++(found ? tally.found : tally.missed);
  }
  for (const Finding& finding : findings) {
    if (finding.category != Category::kPii) continue;
    const std::string_view type = TypeOf(finding.entity);
    const bool right = std::ranges::any_of(row.marked, [&](const Row::Marked& mark) {
      return Overlap(finding.span, mark.span) && StandsFor(type, TypeOf(mark.type));
    });
    Tally& tally = tallies_[std::string(type)];
    ++(right ? tally.right : tally.wrong);
  }
}

void Score::AddLabel(const Row& row, std::span<const Finding> findings) {
  const bool seen = std::ranges::any_of(findings, [this](const Finding& finding) {
    if (task_ == Task::kSecrets) return finding.category == Category::kSecret;
    return finding.category == Category::kInjection || finding.category == Category::kExfiltration;
  });
  Tally& tally = tallies_[row.group.empty() ? "(none)" : row.group];
  if (row.label == Row::Label::kHit) {
    ++(seen ? tally.found : tally.missed);
    tally.right += seen ? 1 : 0;
  } else {
    tally.wrong += seen ? 1 : 0;
  }
}

void Score::Add(const Row& row, std::span<const Finding> findings, std::uint64_t nanoseconds) {
  bytes_ += row.text.size();
  nanoseconds_.push_back(nanoseconds);
  if (task_ == Task::kPii) {
    AddMarks(row, findings);
  } else {
    AddLabel(row, findings);
  }
}

Tally Score::Total() const {
  Tally total;
  for (const auto& [type, tally] : tallies_) total += tally;
  return total;
}

Tally Score::Structured() const {
  Tally total;
  for (const auto& [type, tally] : tallies_) {
    if (!IsUnstructured(type)) total += tally;
  }
  return total;
}

Tally Score::Checksummed() const {
  Tally total;
  for (const auto& [type, tally] : tallies_) {
    if (HasCheckDigits(type)) total += tally;
  }
  return total;
}

std::vector<std::pair<std::string_view, Tally>> Score::Sums() const {
  if (task_ != Task::kPii) return {{"all", Total()}};
  return {{"structured", Structured()}, {"checksummed", Checksummed()}, {"all", Total()}};
}

std::uint64_t Score::Percentile(double part) const {
  if (nanoseconds_.empty()) return 0;
  std::vector<std::uint64_t> sorted = nanoseconds_;
  std::ranges::sort(sorted);
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

std::string Score::ToTable() const {
  std::string table = Formatted("%-28s %7s %7s %7s   %6s %6s %6s %6s\n", task_ == Task::kPii ? "entity" : "group",
                                "found", "missed", "wrong", "prec", "recall", "F1", "F2");
  for (const auto& [type, tally] : tallies_) table += Line(type, tally);
  table += "\n";
  for (const auto& [name, tally] : Sums()) table += Line(name, tally);
  for (const auto& [type, count] : unsought_) {
    table += Formatted("not looked for: %s, %llu\n", type.c_str(), static_cast<unsigned long long>(count));
  }
  const auto microseconds = [this](double part) { return static_cast<double>(Percentile(part)) / 1000; };
  table += Formatted("\n%zu rows, %llu bytes; microseconds a row: p50 %.1f, p90 %.1f, p99 %.1f, longest %.1f\n",
                     nanoseconds_.size(), static_cast<unsigned long long>(bytes_), microseconds(0.5), microseconds(0.9),
                     microseconds(0.99), microseconds(1));
  return table;
}

std::string Score::ToJson() const {
  std::string json;
  codec::json::Writer writer(json);
  writer.BeginObject().Key(task_ == Task::kPii ? "entities" : "groups").BeginObject();
  for (const auto& [type, tally] : tallies_) {
    writer.Key(type);
    Write(writer, tally);
  }
  writer.EndObject();
  for (const auto& [name, tally] : Sums()) {
    writer.Key(name);
    Write(writer, tally);
  }
  writer.Key("not_looked_for").BeginObject();
  for (const auto& [type, count] : unsought_) writer.Field(type, count);
  writer.EndObject();
  writer.Field("rows", nanoseconds_.size()).Field("bytes", bytes_).Key("nanoseconds").BeginObject();
  writer.Field("p50", Percentile(0.5)).Field("p90", Percentile(0.9)).Field("p99", Percentile(0.99));
  writer.Field("longest", Percentile(1)).EndObject().EndObject();
  return json;
}

}  // namespace gatehouse::inspect::eval
