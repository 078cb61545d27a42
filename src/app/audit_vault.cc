#include "app/audit_vault.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "features/audit/payload_reference.h"
#include "record/log/log_reader.h"
#include "record/vault/blob_store.h"
#include "record/vault/vault_check.h"

namespace gatehouse::app {
namespace {

namespace vault = record::vault;

using base::Result;
using base::Status;
using codec::json::Value;
using record::log::LogReader;
using record::log::Reading;
using vault::Condition;

constexpr int kWrongUsage = 1;
constexpr int kLost = 2;
constexpr int kCannotCompare = 4;
constexpr std::size_t kMostNamed = 100;

struct Options {
  std::string log;
  std::string vault;
  enum class Form : std::uint8_t { kText, kJson } form = Form::kText;
};

// A payload that somebody has to answer for.
struct Loss {
  std::uint64_t index = 0;
  std::string field;
  Condition condition = Condition::kWhole;
};

// Why payloads may be gone.
void Explain(std::uint64_t index, Value entry, vault::Explanations& explanations) {
  const std::string_view type = entry["t"].string();
  if (type == "erasure") {
    if (const auto key = vault::KeyId::FromHex(entry["key"].string())) explanations.AddErasure(*key, index);
  } else if (type == "retention.expire") {
    const auto day = vault::ParseDay(entry["before"].string());
    if (day) explanations.AddExpiry(std::string(entry["class"].string()), *day, index);
  }
}

// Parses each entry that may matter; most entries of a log have no payloads.
Status ForEach(LogReader& reader, std::string_view mark, const std::function<Status(std::uint64_t, Value)>& visit) {
  codec::json::Document document;
  Status status = base::Ok();
  GH_CHECK_OK(reader.Visit(0, UINT64_MAX, [&](std::uint64_t index, std::string_view entry) {
    if (entry.find(mark) == std::string_view::npos || !document.Parse(entry).ok()) return Reading::kContinues;
    status = visit(index, document.root());
    return status.ok() ? Reading::kContinues : Reading::kEnds;
  }));
  return status;
}

class Comparison {
 public:
  Comparison(LogReader& reader, const vault::BlobStore& blobs) : reader_(reader), check_(blobs, explanations_, {}) {}

  Status Run() {
    for (const std::string_view mark : {R"("t":"erasure")", R"("t":"retention.expire")"}) {
      GH_CHECK_OK(ForEach(reader_, mark, [this](std::uint64_t index, Value entry) {
        Explain(index, entry, explanations_);
        return base::Ok();
      }));
    }
    return ForEach(reader_, R"("payloads":[)", [this](std::uint64_t index, Value entry) { return Look(index, entry); });
  }

  std::uint64_t lost() const { return lost_; }

  std::string ToText() const {
    std::string text;
    for (std::size_t i = 0; i < vault::kConditions; ++i) {
      const auto condition = static_cast<Condition>(i);
      if (check_.count(condition) == 0) continue;
      text.append(ToString(condition)).append(" ").append(std::to_string(check_.count(condition))).append("\n");
    }
    for (const Loss& loss : losses_) {
      text.append("entry ").append(std::to_string(loss.index)).append(", ").append(loss.field).append(": ");
      text.append(ToString(loss.condition)).append("\n");
    }
    return text.append(lost_ == 0 ? "holds\n" : "payloads are lost\n");
  }

  std::string ToJson() const {
    std::string text;
    codec::json::Writer writer(text);
    writer.BeginObject().Key("payloads").BeginObject();
    for (std::size_t i = 0; i < vault::kConditions; ++i) {
      const auto condition = static_cast<Condition>(i);
      writer.Field(ToString(condition), check_.count(condition));
    }
    writer.EndObject().Key("unexplained").BeginArray();
    for (const Loss& loss : losses_) {
      writer.BeginObject().Field("index", loss.index).Field("field", loss.field);
      writer.Field("condition", ToString(loss.condition)).EndObject();
    }
    writer.EndArray().Field("holds", lost_ == 0).EndObject();
    return text.append("\n");
  }

 private:
  Status Look(std::uint64_t index, Value entry) {
    for (const auto element : entry["payloads"]) {
      const auto payload = features::audit::ParsePayloadReference(element.value);
      if (!payload) continue;  // the log says whether the entry is what was written
      GH_TRY(const Condition condition,
             check_.Look({.address = payload->address, .blob = payload->commitments.blob, .index = index}));
      if (!vault::IsLoss(condition)) continue;
      ++lost_;
      if (losses_.size() < kMostNamed) losses_.push_back({index, payload->address.field, condition});
    }
    return base::Ok();
  }

  LogReader& reader_;
  vault::Explanations explanations_;
  vault::VaultCheck check_;
  std::vector<Loss> losses_;  // the first ones
  std::uint64_t lost_ = 0;
};

std::optional<Options> ReadOptions(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (name == "--json") {
      options.form = Options::Form::kJson;
    } else if (name == "--log" && has_value) {
      options.log = arguments[++i];
    } else if (name == "--vault" && has_value) {
      options.vault = arguments[++i];
    } else {
      return {};
    }
  }
  return options.log.empty() || options.vault.empty() ? std::nullopt : std::optional(options);
}

Result<int> Compare(const Options& options) {
  record::log::PosixFiles files;
  GH_TRY(LogReader reader, LogReader::Open(files, options.log));
  if (!std::filesystem::is_directory(options.vault))
    return base::InvalidRequest("there is no vault in " + options.vault);
  GH_TRY(const auto blobs, vault::BlobStore::Open(options.vault));
  Comparison comparison(reader, *blobs);
  GH_CHECK_OK(comparison.Run());
  const std::string said = options.form == Options::Form::kJson ? comparison.ToJson() : comparison.ToText();
  std::fwrite(said.data(), 1, said.size(), stdout);
  return comparison.lost() == 0 ? 0 : kLost;
}

}  // namespace

int AuditVaultCommand(std::span<char* const> arguments) {
  const auto options = ReadOptions(arguments);
  if (!options) {
    std::fputs("gatehouse audit vault --log DIR --vault DIR [--json]\n", stderr);
    return kWrongUsage;
  }
  const auto status = Compare(*options);
  if (status.ok()) return status.value();
  const base::Error& error = status.error();
  const std::string said = "gatehouse: " + (error.public_message.empty() ? error.detail : error.public_message) + "\n";
  std::fwrite(said.data(), 1, said.size(), stderr);
  return kCannotCompare;
}

}  // namespace gatehouse::app
