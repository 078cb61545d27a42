#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/detector.h"
#include "inspect/secret/name_index.h"
#include "inspect/secret/rule_file.h"

namespace gatehouse::inspect::secret {

// Sees credentials: by their prefixes and shapes, by the names that they are assigned to, and by their structure (JSON
// Web Tokens, key blocks, passwords in URLs, options of curl, Kubernetes secrets). A finding is the credential, without
// the name and the quotes around it; its entity is the id of the rule.
//
// Holds a text open from a word that names a secret until it is clear whether a value follows (some 60 bytes), and from
// the beginning of a key block to its end (kLongestKeyBlock at most).
class SecretDetector : public Detector {
 public:
  explicit SecretDetector(std::vector<Rule> rules);

  std::string_view Name() const override { return "secrets"; }
  std::vector<Trigger> Triggers() const override;
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override;
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const override;

 private:
  // What a trigger may be the sign of.
  struct Sign {
    enum class Kind : std::uint8_t {
      kShape,
      kName,
      kAnyName,
      kToken,
      kEncodedToken,
      kKeyBlock,
      kUrl,
      kCurlUser,
      kKubernetes
    };
    Kind kind = Kind::kShape;
    std::uint32_t rule = 0;
    std::uint32_t shape = 0;
    std::size_t offset = 0;  // of the trigger in the shape
  };
  struct Watch {
    Trigger trigger;
    std::vector<Sign> signs;
  };

  void AddRule(std::uint32_t number);
  void Add(Trigger trigger, Sign sign);
  void Look(std::string_view text, std::size_t end, const Watch& watch, const Sign& sign,
            std::vector<Finding>& findings) const;
  void LookForShape(std::string_view text, std::size_t anchor, const Sign& sign, std::vector<Finding>& findings) const;
  void LookForNamed(std::string_view text, std::size_t end, const Rule& rule, std::vector<Finding>& findings) const;
  void LookForAnyName(std::string_view text, std::size_t end, std::vector<Finding>& findings) const;
  bool HasKnownPrefix(std::string_view value) const;
  static void Confirm(const Rule& rule, std::string_view text, Span span, std::vector<Finding>& findings);

  std::vector<Rule> rules_;
  std::vector<Watch> watches_;  // by trigger
  NameIndex names_;
};

// The detector with the rules that come with the program and those of `more`, a rule file or "".
base::Result<std::unique_ptr<SecretDetector>> MakeSecretDetector(std::string_view more);

}  // namespace gatehouse::inspect::secret
