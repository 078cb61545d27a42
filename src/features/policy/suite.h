#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/policy/rule_set.h"

namespace gatehouse::features::policy {

// One case of a suite: a request as facts, and what the rules are to decide. docs/policy.md has the form.
class Case {
 public:
  // Problems are noted on the node's tree.
  static std::unique_ptr<const Case> Read(const codec::config::Node& node);
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
  ~Case();

  struct Result {
    std::string name;
    std::string expected;  // "deny", or "deny by a, b"
    std::string decided;
    enum class Outcome : std::uint8_t { kPassed, kFailed } outcome = Outcome::kPassed;
  };
  Result Run(const RuleSet& rules) const;

 private:
  struct Stated;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final, which is not seen here
  explicit Case(std::unique_ptr<Stated> stated);
  std::unique_ptr<const Stated> stated_;
};

// All cases of the list `cases`.
std::vector<std::unique_ptr<const Case>> ReadSuite(const codec::config::Node& root);

// A line for each case and the sum, for people.
std::string ToTable(const std::vector<Case::Result>& results);

}  // namespace gatehouse::features::policy
