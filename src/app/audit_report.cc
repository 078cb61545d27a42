#include "app/audit_report.h"

#include <algorithm>
#include <string_view>

#include "codec/json/writer.h"
#include "record/tlog/hash.h"

namespace gatehouse::app {
namespace {

using record::log::Fault;
using record::log::Verification;

std::string_view NameOf(Verification::Verdict verdict) {
  switch (verdict) {
    case Verification::Verdict::kHolds: return "holds";
    case Verification::Verdict::kTampered: return "tampered";
    case Verification::Verdict::kIncomplete: return "incomplete";
  }
  return "tampered";
}

bool HasNone(const Verification& verification, std::initializer_list<Fault::Kind> kinds) {
  return std::ranges::none_of(verification.faults,
                              [&](const Fault& fault) { return std::ranges::find(kinds, fault.kind) != kinds.end(); });
}

// What is not under the signed root.
bool IsEntry(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kEntryChanged:
    case Fault::Kind::kEntryMissing:
    case Fault::Kind::kEntryInserted:
    case Fault::Kind::kEntryMoved:
    case Fault::Kind::kBundleMissing:
    case Fault::Kind::kBundleMalformed:
    case Fault::Kind::kRootMismatch: return true;
    default: return false;
  }
}

bool IsTile(const Fault& fault) {
  return fault.kind == Fault::Kind::kTileChanged || fault.kind == Fault::Kind::kTileMissing;
}

std::string Number(std::uint64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number).append(" ").append(number == 1 ? one : many);
}

void AppendNames(std::string& out, std::string_view label, const std::vector<std::string>& names) {
  for (const std::string& name : names) out.append(label).append(name).append("\n");
}

}  // namespace

std::string ToText(const Verification& verification) {
  std::string out = verification.head.origin + ": " + Number(verification.head.size, "entry", "entries") + ", root " +
                    record::tlog::ToBase64(verification.head.root) + "\n";
  AppendNames(out, "  signed by     ", verification.signed_by);
  AppendNames(out, "  witnessed by  ", verification.witnessed_by);
  out.append("  looked at     ").append(Number(verification.entries, "entry", "entries"));
  out.append(", ").append(Number(verification.checkpoints, "earlier checkpoint", "earlier checkpoints")).append("\n");
  if (verification.unsigned_entries > 0) {
    out.append("  not signed    ").append(Number(verification.unsigned_entries, "entry", "entries"));
    out.append(" behind the checkpoint\n");
  }
  for (const auto& gap : verification.gaps) {
    out.append("  gap           ").append(gap.what).append("\n");
  }
  for (const Fault& fault : verification.faults) {
    out.append("  FAULT         ").append(ToString(fault.kind)).append(": ").append(fault.what).append("\n");
  }
  if (!verification.faults.empty() && verification.last_good_checkpoint) {
    out.append("  last good     the checkpoint of ");
    out.append(Number(*verification.last_good_checkpoint, "entry", "entries")).append("\n");
  }
  if (verification.keys_from_folder) {
    out.append(
        "  note          checked with the keys that the folder names itself; give --key to check with your own copy\n");
  }
  return out.append(NameOf(verification.verdict)).append("\n");
}

std::string ToJson(const Verification& verification) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject().Field("verdict", NameOf(verification.verdict)).Field("origin", verification.head.origin);
  writer.Field("size", verification.head.size).Field("root", record::tlog::ToBase64(verification.head.root));
  writer.Field("signature_ok", HasNone(verification, {Fault::Kind::kSignature}));
  writer.Field("root_ok", std::ranges::none_of(verification.faults, IsEntry));
  writer.Field("tiles_ok", std::ranges::none_of(verification.faults, IsTile));
  writer.Field("keys_from_folder", verification.keys_from_folder);
  writer.Key("signed_by").BeginArray();
  for (const std::string& name : verification.signed_by) writer.String(name);
  writer.EndArray().Key("witnessed_by").BeginArray();
  for (const std::string& name : verification.witnessed_by) writer.String(name);
  writer.EndArray().Field("entries", verification.entries).Field("unsigned_entries", verification.unsigned_entries);
  writer.Field("checkpoints", verification.checkpoints).Key("last_good_checkpoint");
  if (verification.last_good_checkpoint) {
    writer.Number(*verification.last_good_checkpoint);
  } else {
    writer.Null();
  }
  writer.Key("gaps").BeginArray();
  for (const auto& gap : verification.gaps) {
    writer.BeginObject().Field("index", gap.index).Field("what", gap.what).EndObject();
  }
  writer.EndArray().Key("faults").BeginArray();
  for (const Fault& fault : verification.faults) {
    writer.BeginObject().Field("kind", ToString(fault.kind)).Field("index", fault.index);
    writer.Field("what", fault.what).EndObject();
  }
  writer.EndArray().EndObject();
  return out + "\n";
}

int StatusOf(const Verification& verification) {
  switch (verification.verdict) {
    case Verification::Verdict::kHolds: return 0;
    case Verification::Verdict::kTampered: return 2;
    case Verification::Verdict::kIncomplete: return 3;
  }
  return 2;
}

}  // namespace gatehouse::app
