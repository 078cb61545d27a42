#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/siphash.h"
#include "features/ratelimit/token_bucket.h"
#include "pipeline/principal.h"

namespace gatehouse::features::ratelimit {

// A place in the tenancy tree by the names on the way to it: "acme/search/prod/app:checkout". Without organization,
// team and project ("key:checkout") it is wherever that one is.
class NodePath {
 public:
  // kInvalidRequest, with what a path looks like.
  static base::Result<NodePath> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  // Whether who acts is there or below.
  bool Contains(const pipeline::Principal& principal) const;

 private:
  struct Leaf {
    pipeline::NodeKind kind = pipeline::NodeKind::kKey;
    std::string name;
  };
  std::string text_;
  std::vector<std::string> containers_;  // organization, team, project; or organization, project
  std::vector<Leaf> leaves_;
};

// One limit on how fast, or on how many at once.
struct Rule {
  std::string name;
  std::optional<NodePath> node;            // nullopt: everybody
  std::optional<pipeline::NodeKind> each;  // a bucket for each of that kind; nullopt: one for all
  std::vector<std::string> models;         // patterns of public names; empty: all
  std::string provider;                    // pattern; "": counted once for the exchange, wherever it goes
  std::optional<Rate> requests;
  std::optional<Rate> tokens;
  std::uint32_t concurrent = 0;  // 0: any number
  struct Queue {
    base::Duration at_most{};
    std::uint32_t waiting = 0;  // 0: nobody waits
    bool operator==(const Queue&) const = default;
  } queue;

  bool ByProvider() const { return !provider.empty(); }
  bool ForModel(std::string_view model) const;
};

// A pattern is a name in which `*` stands for anything, also for nothing.
bool Fits(std::string_view pattern, std::string_view name);

// Whose bucket a principal uses under a rule with `each`: the same number for the same one. nullopt: the rule is not
// about principals of its kind. Who has no team, say, shares a bucket with the others that have none; who shows a token
// and no key counts as a key by itself.
std::optional<std::uint64_t> CallerOf(const pipeline::Principal& principal, pipeline::NodeKind each,
                                      const codec::crypto::SipKey& key);
// Who acts, whatever it is.
std::uint64_t ActorOf(const pipeline::Principal& principal, const codec::crypto::SipKey& key);

}  // namespace gatehouse::features::ratelimit
