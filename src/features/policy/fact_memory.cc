#include "features/policy/fact_memory.h"

#include <bit>
#include <utility>

namespace gatehouse::features::policy {

using codec::cel::Kind;

void FactMemory::Watch(Mask facts) {
  for (; facts != 0; facts &= facts - 1) {
    kept_.push_back({.slot = static_cast<std::uint32_t>(std::countr_zero(facts)), .text = {}});
  }
}

FactMemory::Mask FactMemory::Renew(const codec::cel::Activation& facts) {
  Mask changed = 0;
  for (Kept& kept : kept_) {
    if (Keep(facts.Get(kept.slot), kept) == News::kSome) changed |= Mask{1} << kept.slot;
  }
  return changed;
}

FactMemory::News FactMemory::Keep(const codec::cel::Value& value, Kept& kept) {
  const bool same_kind = std::exchange(kept.kind, value.kind()) == value.kind();
  switch (value.kind()) {
    case Kind::kAbsent: return same_kind ? News::kNone : News::kSome;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint: {
      const bool same = std::exchange(kept.number, value.AsUint()) == value.AsUint();
      return same_kind && same ? News::kNone : News::kSome;
    }
    case Kind::kString:
      if (value.text().size() <= kMostText) {
        if (same_kind && kept.text == value.text()) return News::kNone;
        kept.text = value.text();
        return News::kSome;
      }
      break;
    default: break;
  }
  kept.kind = Kind::kUnknown;
  return News::kSome;
}

}  // namespace gatehouse::features::policy
