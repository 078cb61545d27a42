#include "features/accounting/bill.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "codec/cel/timestamp.h"
#include "codec/json/document.h"
#include "codec/text/csv.h"
#include "features/accounting/limit.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using codec::config::Node;
using codec::json::Value;

constexpr std::int64_t kDaySeconds = 86'400;

base::Error Wrong(std::string what) { return base::InvalidRequest("The export cannot be read: " + std::move(what)); }

std::int64_t DayOf(std::int64_t seconds) {
  const std::int64_t rest = seconds % kDaySeconds;
  return (seconds - (rest < 0 ? rest + kDaySeconds : rest)) * 1000;
}

// "2026-11-01", "2026-11-01 08:00:00 UTC", RFC 3339, seconds since 1970.
std::optional<std::int64_t> ParseDay(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem == std::errc() && end == text.data() + text.size() && seconds > 0) return DayOf(seconds);
  constexpr std::size_t kDate = 10;
  std::string whole(text);
  if (whole.ends_with(" UTC")) whole.resize(whole.size() - 4);
  if (whole.size() > kDate && whole[kDate] == ' ') whole[kDate] = 'T';
  if (whole.size() == kDate) whole += "T00:00:00";
  if (whole.find_first_of("Z+", kDate) == std::string::npos && whole.rfind('-') < kDate) whole += "Z";
  const auto time = codec::cel::ParseTimestamp(whole);
  if (!time) return {};
  return DayOf(time->seconds);
}

// Lines of one day and model become one.
class Lines {
 public:
  BillLine& At(std::int64_t day, std::string model) {
    BillLine& line = lines_[{day, model}];
    line.day_ms = day;
    line.model = std::move(model);
    return line;
  }
  std::vector<BillLine> Take() && {
    std::vector<BillLine> all;
    all.reserve(lines_.size());
    for (auto& [key, line] : lines_) all.push_back(std::move(line));
    return all;
  }

 private:
  std::map<std::pair<std::int64_t, std::string>, BillLine> lines_;
};

void AddTo(std::optional<std::int64_t>& sum, std::int64_t more) {
  sum = (base::NanoUsd{sum.value_or(0)} + base::NanoUsd{more}).value;  // an addition that stops at the ends
}
void AddTo(std::optional<base::NanoUsd>& sum, base::NanoUsd more) { sum = sum.value_or(base::NanoUsd{}) + more; }

// The name in the ledger; nullopt for what is to be left out.
std::optional<std::string> ModelOf(std::string_view name, const BillMapping& mapping) {
  const bool out = std::ranges::any_of(mapping.leave_out, [&](const auto& pattern) { return Fits(pattern, name); });
  if (out) return {};
  const auto known = mapping.models.find(name);
  return known == mapping.models.end() ? std::string(name) : known->second;
}

std::int64_t SumOf(Value object, std::initializer_list<const char*> names) {
  std::int64_t sum = 0;
  for (const char* name : names) sum += object[name].AsInteger().value_or(0);
  return sum;
}

// One result of a page, in one of the four forms that are known.
class PageReader {
 public:
  PageReader(const BillMapping& mapping, Bill& bill) : mapping_(mapping), bill_(bill) {}

  base::Status Read(Value page) {
    if (!page["data"].IsArray()) return Wrong("a page of an export has `data`, a list of days");
    for (const auto bucket : page["data"]) {
      const Value at =
          bucket.value["start_time"].IsMissing() ? bucket.value["starting_at"] : bucket.value["start_time"];
      const auto day = ParseDay(at.IsString() ? at.string() : at.raw());
      if (!day) return Wrong("`start_time` or `starting_at` of a day is no time");
      for (const auto result : bucket.value["results"]) GH_CHECK_OK(ReadResult(*day, result.value));
    }
    more_ = page["has_more"].AsBool().value_or(false);
    return base::Ok();
  }
  void Finish() {
    if (more_) bill_.warnings.emplace_back("the last page says that there are more: the export is not whole");
    bill_.lines = std::move(lines_).Take();
  }

 private:
  base::Status ReadResult(std::int64_t day, Value result) {
    const Value amount = result["amount"];
    if (amount.IsObject()) return ReadCost(day, "costs of OpenAI", amount, LineItemOf(result), BillMapping::Unit::kUsd);
    if (amount.IsString()) {
      const std::string_view model =
          result["model"].IsString() ? result["model"].string() : result["description"].string();
      return ReadCost(day, "cost report of Anthropic", result, model, BillMapping::Unit::kCents);
    }
    if (!result["uncached_input_tokens"].IsMissing()) return ReadAnthropicUsage(day, result);
    if (!result["input_tokens"].IsMissing()) return ReadOpenAiUsage(day, result);
    return Wrong("a result has neither an amount nor tokens");
  }

  // "gpt-5-2026-01-01, input": the model comes first.
  static std::string_view LineItemOf(Value result) {
    const std::string_view item = result["line_item"].string();
    return item.substr(0, item.find(", "));
  }

  base::Status ReadCost(std::int64_t day, std::string_view form, Value holder, std::string_view model,
                        BillMapping::Unit unit) {
    GH_CHECK_OK(SetForm(form));
    const Value figure = holder["value"].IsMissing() ? holder["amount"] : holder["value"];
    const auto cost = ParseAmount(figure.IsString() ? figure.string() : figure.raw(), unit);
    if (!cost) return Wrong("'" + std::string(figure.raw().substr(0, 40)) + "' is no amount");
    std::string currency(holder["currency"].string());
    std::ranges::transform(currency, currency.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    if (currency != "USD") return Wrong("amounts are in '" + currency + "', and the ledger's in USD");
    if (model.empty()) return Wrong("costs are not told apart by model: export them grouped by line item or model");
    if (auto name = ModelOf(model, mapping_)) AddTo(lines_.At(day, *std::move(name)).cost, *cost);
    return base::Ok();
  }

  base::Status ReadOpenAiUsage(std::int64_t day, Value result) {
    GH_CHECK_OK(SetForm("usage of OpenAI"));
    if (!result["model"].IsString()) return Wrong("usage is not told apart by model: export it grouped by model");
    const auto name = ModelOf(result["model"].string(), mapping_);
    if (!name) return base::Ok();
    BillLine& line = lines_.At(day, *name);
    AddTo(line.requests, SumOf(result, {"num_model_requests"}));
    AddTo(line.input, SumOf(result, {"input_tokens", "input_audio_tokens"}));
    AddTo(line.output, SumOf(result, {"output_tokens", "output_audio_tokens"}));
    return base::Ok();
  }

  base::Status ReadAnthropicUsage(std::int64_t day, Value result) {
    GH_CHECK_OK(SetForm("usage report of Anthropic"));
    if (!result["model"].IsString()) return Wrong("usage is not told apart by model: export it grouped by model");
    const auto name = ModelOf(result["model"].string(), mapping_);
    if (!name) return base::Ok();
    BillLine& line = lines_.At(day, *name);
    AddTo(line.input, SumOf(result, {"uncached_input_tokens", "cache_read_input_tokens"}) +
                          SumOf(result["cache_creation"], {"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"}));
    AddTo(line.output, SumOf(result, {"output_tokens"}));
    return base::Ok();
  }

  base::Status SetForm(std::string_view form) {
    if (bill_.form.empty()) bill_.form = form;
    if (bill_.form != form) return Wrong("it has both " + bill_.form + " and " + std::string(form));
    return base::Ok();
  }

  const BillMapping& mapping_;
  Bill& bill_;
  Lines lines_;
  bool more_ = false;
};

Result<Bill> ReadPages(std::string_view text, const BillMapping& mapping) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(text));
  Bill bill;
  PageReader reader(mapping, bill);
  if (document.root().IsObject()) {
    GH_CHECK_OK(reader.Read(document.root()));
  } else {
    for (const auto page : document.root()) GH_CHECK_OK(reader.Read(page.value));
  }
  reader.Finish();
  return bill;
}

using Columns = std::vector<std::size_t>;

Columns ColumnsOf(const codec::text::CsvRecord& names, const std::vector<std::string>& wanted) {
  Columns columns;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) columns.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return columns;
}

std::string_view FieldOf(const codec::text::CsvRecord& record, const Columns& columns) {
  if (columns.empty() || columns.front() >= record.size()) return "";
  return record[columns.front()];
}

// The sum of the columns; nullopt when one of them is no whole number.
std::optional<std::int64_t> CountOf(const codec::text::CsvRecord& record, const Columns& columns) {
  std::int64_t sum = 0;
  for (const std::size_t column : columns) {
    if (column >= record.size() || record[column].empty()) continue;
    const auto value = ParseAmount(record[column], BillMapping::Unit::kUsd);
    if (!value || value->value % base::NanoUsd::kPerUsd != 0) return {};
    sum += value->value / base::NanoUsd::kPerUsd;
  }
  return sum;
}

// A table, its first line the names of its columns.
class TableReader {
 public:
  TableReader(const codec::text::CsvRecord& names, const BillMapping& mapping)
      : mapping_(mapping),
        day_(ColumnsOf(names, mapping.day)),
        model_(ColumnsOf(names, mapping.model)),
        cost_(ColumnsOf(names, mapping.cost)),
        currency_(ColumnsOf(names, mapping.currency)),
        requests_(ColumnsOf(names, mapping.requests)),
        input_(ColumnsOf(names, mapping.input)),
        output_(ColumnsOf(names, mapping.output)) {}

  base::Status Check() const {
    if (day_.empty()) return Wrong("no column says the day; name it in the mapping (" + mapping_.day.front() + "?)");
    if (model_.empty()) return Wrong("no column says the model; name it in the mapping");
    if (cost_.empty() && input_.empty() && output_.empty() && requests_.empty()) {
      return Wrong("no column says what it cost, or how many tokens or requests there were");
    }
    return base::Ok();
  }

  base::Status Read(const codec::text::CsvRecord& record, std::size_t number) {
    const auto wrong = [&](std::string_view what, std::string_view value) {
      return Wrong("record " + std::to_string(number) + ": '" + std::string(value.substr(0, 40)) + "' is no " +
                   std::string(what));
    };
    const auto day = ParseDay(FieldOf(record, day_));
    if (!day) return wrong("day", FieldOf(record, day_));
    if (const auto currency = FieldOf(record, currency_); !currency.empty() && currency != "USD") {
      return Wrong("record " + std::to_string(number) + " is in '" + std::string(currency) +
                   "', and the ledger's amounts are in USD");
    }
    const auto model = ModelOf(FieldOf(record, model_), mapping_);
    if (!model) return base::Ok();
    BillLine& line = lines_.At(*day, *model);
    if (!cost_.empty()) {
      const auto cost = ParseAmount(FieldOf(record, cost_), mapping_.unit);
      if (!cost) return wrong("amount", FieldOf(record, cost_));
      AddTo(line.cost, *cost);
    }
    const std::array<std::pair<const Columns*, std::optional<std::int64_t>*>, 3> counts = {
        {{&requests_, &line.requests}, {&input_, &line.input}, {&output_, &line.output}}};
    for (const auto& [columns, sum] : counts) {
      if (columns->empty()) continue;
      const auto count = CountOf(record, *columns);
      if (!count) return wrong("whole number", FieldOf(record, *columns));
      AddTo(*sum, *count);
    }
    return base::Ok();
  }
  std::vector<BillLine> Take() { return std::move(lines_).Take(); }

 private:
  const BillMapping& mapping_;
  const Columns day_;
  const Columns model_;
  const Columns cost_;
  const Columns currency_;
  const Columns requests_;
  const Columns input_;
  const Columns output_;
  Lines lines_;
};

Result<Bill> ReadTable(std::string_view text, const BillMapping& mapping) {
  GH_TRY(const auto records, codec::text::ParseCsv(text, mapping.delimiter));
  if (records.empty()) return Wrong("it is empty");
  TableReader reader(records.front(), mapping);
  GH_CHECK_OK(reader.Check());
  for (std::size_t i = 1; i < records.size(); ++i) GH_CHECK_OK(reader.Read(records[i], i + 1));
  return Bill{.form = "table", .lines = reader.Take(), .warnings = {}};
}

// A name, or a list of them.
void ReadNames(const Node& node, std::vector<std::string>& into) {
  if (!node.IsPresent()) return;
  if (node.kind() == Node::Kind::kScalar) {
    into = {node.AsString().value_or("")};
  } else {
    into = node.AsStrings().value_or(into);
  }
}

}  // namespace

std::optional<base::NanoUsd> ParseAmount(std::string_view text, BillMapping::Unit unit) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.starts_with('$')) text.remove_prefix(1);
  std::string digits;
  int exponent = unit == BillMapping::Unit::kUsd ? 9 : 7;  // digits between the unit and nano-USD
  const auto e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int value = 0;
    const auto [end, problem] = std::from_chars(power.data(), power.data() + power.size(), value);
    if (problem != std::errc() || end != power.data() + power.size() || value < -100 || value > 100) return {};
    exponent += value;
    text = text.substr(0, e);
  }
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits.push_back(c);
      if (point) --exponent;
    } else if (c != ',' || point || digits.empty()) {
      return {};
    }
  }
  if (digits.empty()) return {};
  constexpr std::size_t kMostDigits = 60;
  if (digits.size() > kMostDigits) return {};
  const bool round_up = exponent < 0 && static_cast<std::size_t>(-exponent) <= digits.size() &&
                        digits[digits.size() - static_cast<std::size_t>(-exponent)] >= '5';
  if (exponent < 0) digits.resize(digits.size() - std::min(digits.size(), static_cast<std::size_t>(-exponent)));
  __int128 value = 0;
  const __int128 most = base::NanoUsd::Max().value;
  for (const char c : digits) {
    value = value * 10 + (c - '0');
    if (value > most) return {};
  }
  for (; exponent > 0 && value > 0; --exponent) {
    value *= 10;
    if (value > most) return {};
  }
  if (round_up && ++value > most) return {};
  return base::NanoUsd{static_cast<std::int64_t>(negative ? -value : value)};
}

BillMapping ReadMapping(const Node& root) {
  BillMapping mapping;
  const Node columns = root["columns"];
  ReadNames(columns["day"], mapping.day);
  ReadNames(columns["model"], mapping.model);
  ReadNames(columns["cost"], mapping.cost);
  ReadNames(columns["requests"], mapping.requests);
  ReadNames(columns["input"], mapping.input);
  ReadNames(columns["output"], mapping.output);
  ReadNames(columns["currency"], mapping.currency);
  constexpr std::array<codec::config::Choice<BillMapping::Unit>, 2> kUnits = {
      {{"usd", BillMapping::Unit::kUsd}, {"cents", BillMapping::Unit::kCents}}};
  mapping.unit = root["unit"].AsEnum<BillMapping::Unit>(kUnits).value_or(mapping.unit);
  if (const auto delimiter = root["delimiter"].AsString()) {
    if (delimiter->size() == 1 && *delimiter != "\"" && *delimiter != "\n") {
      mapping.delimiter = delimiter->front();
    } else {
      root["delimiter"].AddProblem("must be one character, such as ;");
    }
  }
  for (const auto& [name, value] : root["models"].Members()) mapping.models[name] = value.AsString().value_or("");
  ReadNames(root["leave_out"], mapping.leave_out);
  return mapping;
}

Result<Bill> ReadBill(std::string_view text, const BillMapping& mapping) {
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos) return Wrong("it is empty");
  if (text[first] == '{' || text[first] == '[') return ReadPages(text.substr(first), mapping);
  return ReadTable(text, mapping);
}

Result<Bill> ReadLedgerUsage(std::string_view json, std::string_view provider) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(json));
  if (!document.root()["complete"].AsBool().value_or(false)) {
    return base::InvalidRequest("The gateway has more lines than it shows at once: compare a shorter time.");
  }
  Lines lines;
  for (const auto element : document.root()["lines"]) {
    const Value line = element.value;
    if (!provider.empty() && line["provider"].string() != provider) continue;
    if (line["upstream_model"].string().empty()) continue;  // nobody was called
    const auto day = ParseDay(line["time"].string());
    const auto cost = base::ParseUsd(line["usd"].string());
    if (!day || !cost) return base::Internal("the gateway's usage has another form");
    BillLine& sum = lines.At(*day, std::string(line["upstream_model"].string()));
    AddTo(sum.cost, *cost);
    AddTo(sum.requests, SumOf(line, {"exchanges"}));
    AddTo(sum.input, SumOf(line, {"input", "cache_read", "cache_write"}));
    AddTo(sum.output, SumOf(line, {"output", "reasoning"}));
  }
  return Bill{.form = "ledger", .lines = std::move(lines).Take(), .warnings = {}};
}

}  // namespace gatehouse::features::accounting
