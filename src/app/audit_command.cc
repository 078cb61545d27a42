#include "app/audit_command.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/audit_export.h"
#include "app/audit_report.h"
#include "app/audit_search.h"
#include "app/audit_vault.h"
#include "app/config.h"
#include "base/clock.h"
#include "base/secret.h"
#include "record/log/files.h"
#include "record/log/key_ring.h"
#include "record/log/log_reader.h"
#include "record/log/verification.h"
#include "record/log/witness.h"

namespace gatehouse::app {
namespace {

using base::Result;
using record::log::LogReader;
using record::log::PosixFiles;
using record::log::Reading;
using record::tlog::SignatureType;
using record::tlog::SignerKey;
using record::tlog::VerifierKey;

constexpr std::string_view kUsage = R"(gatehouse audit: the record, read and proven without a gateway

  gatehouse audit verify --log DIR [--key KEY]... [--seen CHECKPOINT]... [--witness KEY]... [--quorum N]
                         [--from N] [--to N] [--json]
      compare every entry with the signed tree; name the first that is not as it was written
  gatehouse audit prove ENTRY --log DIR [--key KEY]... [--out FILE]
      a proof that an entry is in the log, in one file
  gatehouse audit verify-proof FILE --key KEY... [--entry FILE]
      check such a file, on any machine; prints the entry
  gatehouse audit show ENTRY --log DIR
  gatehouse audit export --log DIR --format jsonl|csv|ocsf|syslog [--from N] [--to N]
  gatehouse audit search --log DIR [--id REQUEST] [--principal ID] [--type TYPE] [--decision allow|restrict|challenge|deny]
                         [--model MODEL] [--status N] [--since TIME] [--until TIME] [--limit N] [--index FILE] [--json]
      entries that all of this is true of, newest first; TIME is RFC 3339, or a date. Ends with 3 where there is none
  gatehouse audit reindex --log DIR [--index FILE]
      make what search goes by anew, from the log alone
  gatehouse audit vault --log DIR --vault DIR [--json]
      compare the payloads that entries speak of with the vault of a gateway that is not running: what is missing, and why
  gatehouse audit witness new-key NAME --out FILE
      make the key of a witness; prints what others check it with
  gatehouse audit witness cosign --log DIR --key KEY --state DIR --secret FILE [--out FILE]
      cosign the log's checkpoint, if it continues the last one that was cosigned

ENTRY is an index, or the id of a request. KEY is a verifier key, or a file of them. CHECKPOINT is a file.
ends with 0: holds; 2: tampered with; 3: incomplete; 4: cannot be verified; 1: anything else
)";
constexpr int kWrongUsage = 1;
constexpr int kTampered = 2;
constexpr int kCannotVerify = 4;

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

struct Options {
  std::vector<std::string> words;  // what is no option
  std::string log;
  std::string out;
  std::string entry;
  std::string state;
  std::string secret;
  std::vector<VerifierKey> keys;
  std::vector<VerifierKey> witnesses;
  std::vector<std::string> seen;
  std::size_t quorum = 0;
  std::uint64_t from = 0;
  std::optional<std::uint64_t> to;
  ExportFormat format = ExportFormat::kJsonLines;
  enum class Output : std::uint8_t { kText, kJson } output = Output::kText;
};

Result<std::vector<VerifierKey>> ReadKeys(const std::string& key) {
  std::string text = key;
  if (key.find('+') == std::string::npos) {
    GH_TRY(text, ReadFile(key));
  }
  for (const record::tlog::UnknownKey& unknown : record::log::UnknownKeysIn(text)) {
    Say(stderr, "gatehouse: passed over a key of an algorithm that is not known here: " + unknown.text + "\n");
  }
  return record::log::ParseKeys(text);
}

base::Status AddKeys(const std::string& key, std::vector<VerifierKey>& keys) {
  GH_TRY(auto more, ReadKeys(key));
  std::ranges::move(more, std::back_inserter(keys));
  return base::Ok();
}

base::Status SetText(std::string_view name, const std::string& value, Options& options) {
  struct Text {
    std::string_view name;
    std::string* value;
  };
  for (const Text& text : {Text{"--log", &options.log},
                           {"--out", &options.out},
                           {"--entry", &options.entry},
                           {"--state", &options.state},
                           {"--secret", &options.secret}}) {
    if (text.name != name) continue;
    *text.value = value;
    return base::Ok();
  }
  return base::InvalidRequest("there is no option " + std::string(name));
}

base::Status SetOption(std::string_view name, const std::string& value, Options& options) {
  if (name == "--key") return AddKeys(value, options.keys);
  if (name == "--witness") return AddKeys(value, options.witnesses);
  if (name == "--seen") {
    GH_TRY(std::string note, ReadFile(value));
    options.seen.push_back(std::move(note));
  } else if (name == "--quorum") {
    GH_TRY(options.quorum, record::tlog::ParseDecimal(value));
  } else if (name == "--from") {
    GH_TRY(options.from, record::tlog::ParseDecimal(value));
  } else if (name == "--to") {
    GH_TRY(options.to, record::tlog::ParseDecimal(value));
  } else if (name == "--format") {
    const auto format = ReadExportFormat(value);
    if (!format) return base::InvalidRequest("--format is jsonl, csv, ocsf or syslog");
    options.format = *format;
  } else {
    return SetText(name, value, options);
  }
  return base::Ok();
}

Result<Options> ReadOptions(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--json") {
      options.output = Options::Output::kJson;
    } else if (!name.starts_with("--")) {
      options.words.emplace_back(name);
    } else if (i + 1 == arguments.size()) {
      return base::InvalidRequest(std::string(name) + " needs a value");
    } else {
      GH_CHECK_OK(SetOption(name, arguments[++i], options));
    }
  }
  return options;
}

// What a command says of a failure: what was contradicted is tampered with, the rest could not be looked at.
int Fail(const base::Error& error) {
  const std::string& text = error.detail.empty() ? error.public_message : error.detail;
  Say(stderr, "gatehouse: " + text + "\n");
  return error.code == base::ErrorCode::kInternal || error.code == base::ErrorCode::kDenied ? kTampered : kCannotVerify;
}

// An entry that was asked for, by its index or by the id of its request: then the last that has it.
Result<std::uint64_t> FindEntry(LogReader& reader, const std::string& which) {
  if (const auto index = record::tlog::ParseDecimal(which); index.ok()) return index.value();
  const std::string member = "\"id\":\"" + which + "\"";
  std::optional<std::uint64_t> found;
  GH_CHECK_OK(reader.Visit(0, UINT64_MAX, [&](std::uint64_t index, std::string_view entry) {
    if (entry.find(member) != std::string_view::npos) found = index;
    return Reading::kContinues;
  }));
  if (found) return *found;
  return base::Error{.code = base::ErrorCode::kNotFound,
                     .source = base::ErrorSource::kStore,
                     .public_message = "the log has no entry with the id " + which};
}

base::Status Deliver(const std::string& path, std::string_view bytes) {
  if (!path.empty()) return PosixFiles().WriteDurably(path.find('/') == std::string::npos ? "./" + path : path, bytes);
  Say(stdout, bytes);
  return base::Ok();
}

Result<int> VerifyLog(const Options& options) {
  PosixFiles files;
  GH_TRY(const auto verification, record::log::Verify(files, {.folder = options.log,
                                                              .keys = options.keys,
                                                              .seen = options.seen,
                                                              .witnesses = options.witnesses,
                                                              .quorum = options.quorum,
                                                              .begin = options.from,
                                                              .end = options.to}));
  Say(stdout, options.output == Options::Output::kJson ? ToJson(verification) : ToText(verification));
  return StatusOf(verification);
}

Result<int> Prove(const Options& options) {
  PosixFiles files;
  GH_TRY(LogReader reader, LogReader::Open(files, options.log, options.keys));
  GH_TRY(const std::uint64_t index, FindEntry(reader, options.words[0]));
  GH_TRY(const auto proof, reader.Prove(index));
  GH_CHECK_OK(Deliver(options.out, record::tlog::FormatProofFile(proof)));
  return 0;
}

Result<int> VerifyProof(const Options& options) {
  GH_TRY(const std::string bytes, ReadFile(options.words[0]));
  GH_TRY(const auto proof, record::tlog::ParseProofFile(bytes));
  std::string entry = proof.extra;
  if (!options.entry.empty()) {
    GH_TRY(entry, ReadFile(options.entry));
  }
  GH_TRY(const auto checkpoint, record::tlog::VerifyProofFile(proof, entry, options.keys));
  Say(stdout, entry + "\n");
  Say(stderr, "entry " + std::to_string(proof.index) + " of " + checkpoint.checkpoint.origin + ", which had " +
                  std::to_string(checkpoint.checkpoint.size) + " entries when this was signed: holds\n");
  return 0;
}

Result<int> Show(const Options& options) {
  PosixFiles files;
  GH_TRY(LogReader reader, LogReader::Open(files, options.log, options.keys));
  GH_TRY(const std::uint64_t index, FindEntry(reader, options.words[0]));
  GH_TRY(const std::string entry, reader.Entry(index));
  Say(stdout, entry + "\n");
  return 0;
}

Result<int> Export(const Options& options) {
  PosixFiles files;
  GH_TRY(LogReader reader, LogReader::Open(files, options.log, options.keys));
  Exporter exporter(options.format, reader.head().origin);
  Say(stdout, exporter.Head());
  GH_CHECK_OK(
      reader.Visit(options.from, options.to.value_or(UINT64_MAX), [&](std::uint64_t index, std::string_view entry) {
        Say(stdout, exporter.Line(index, entry));
        return Reading::kContinues;
      }));
  return 0;
}

Result<int> NewWitnessKey(const Options& options) {
  if (!record::tlog::IsKeyName(options.words[1])) return base::InvalidRequest("a name has no spaces and no +");
  const SignerKey key = SignerKey::Generate(options.words[1], SignatureType::kCosignature);
  const base::Secret text(std::string(key.ToText().Reveal()).append("\n"));
  const std::string path = options.out.find('/') == std::string::npos ? "./" + options.out : options.out;
  if (PosixFiles().Read(path).ok()) return base::InvalidRequest(options.out + " is there already");
  GH_CHECK_OK(PosixFiles().WriteDurably(path, text.Reveal(), record::log::Files::Access::kOwnerOnly));
  Say(stdout, key.verifier().ToText() + "\n");
  return 0;
}

Result<SignerKey> ReadWitnessKey(const std::string& path) {
  GH_TRY(std::string text, ReadFile(path));
  while (text.ends_with('\n')) text.pop_back();
  GH_TRY(SignerKey key, SignerKey::Parse(base::Secret(std::move(text))));
  if (key.verifier().type() == SignatureType::kCosignature) return key;
  return base::InvalidRequest(path + " is not the key of a witness");
}

Result<int> Cosign(const Options& options) {
  PosixFiles files;
  GH_TRY(SignerKey key, ReadWitnessKey(options.secret));
  record::log::Witness witness(files, base::SystemClock(), options.state, std::move(key));
  GH_TRY(LogReader reader, LogReader::Open(files, options.log, options.keys));
  GH_TRY(const auto last, witness.Last(reader.head().origin));
  record::tlog::WitnessRequest request{.old_size = last ? last->checkpoint.size : 0, .checkpoint = reader.note()};
  // Of one that is smaller there is no proof; the witness says so.
  if (request.old_size > reader.head().size) request.old_size = 0;
  if (request.old_size > 0) {
    GH_TRY(request.proof, reader.ProveConsistency(request.old_size));
  }
  GH_TRY(const std::string line, witness.Cosign(request, reader.keys()));
  GH_CHECK_OK(Deliver(options.out, options.out.empty() ? line : reader.note() + line));
  return 0;
}

// Which command it is, or none where its options are not those that it needs.
using Command = Result<int> (*)(const Options&);
Command CommandOf(std::string_view name, const Options& options) {
  const bool log = !options.log.empty();
  const std::size_t words = options.words.size();
  if (name == "verify" && log && words == 0) return VerifyLog;
  if (name == "prove" && log && words == 1) return Prove;
  if (name == "verify-proof" && words == 1 && !options.keys.empty()) return VerifyProof;
  if (name == "show" && log && words == 1) return Show;
  if (name == "export" && log && words == 0) return Export;
  if (name != "witness" || words == 0) return nullptr;
  if (options.words[0] == "new-key" && words == 2 && !options.out.empty()) return NewWitnessKey;
  const bool cosigns = log && !options.keys.empty() && !options.state.empty() && !options.secret.empty();
  return options.words[0] == "cosign" && words == 1 && cosigns ? Cosign : nullptr;
}

}  // namespace

int AuditCommand(std::span<char* const> arguments) {
  const std::string_view name = arguments.empty() ? "" : arguments[0];
  if (name == "--help") {
    Say(stdout, kUsage);
    return 0;
  }
  if (name == "search" || name == "reindex") return AuditSearchCommand(name, arguments.subspan(1));
  if (name == "vault") return AuditVaultCommand(arguments.subspan(1));
  const Result<Options> options = arguments.empty() ? Result<Options>(Options()) : ReadOptions(arguments.subspan(1));
  if (!options.ok()) {
    Say(stderr, "gatehouse: " + options.error().public_message + "\n");
    return kWrongUsage;
  }
  const Command command = CommandOf(name, options.value());
  if (command == nullptr) {
    Say(stderr, kUsage);
    return kWrongUsage;
  }
  const auto status = command(options.value());
  return status.ok() ? status.value() : Fail(status.error());
}

}  // namespace gatehouse::app
