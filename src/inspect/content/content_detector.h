#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/detector.h"

namespace gatehouse::inspect::content {

// What an operator does not want to be said, or wants to know of. The entity of a finding is the name of its rule.
struct ContentRule {
  std::string name;
  enum class Kind : std::uint8_t {
    kPhrases,  // any of these runs of words, whatever stands between the words: names of competitors, projects, people
    kPattern,  // a regular expression (RE2), within one piece of text: it does not reach over a seam (seam.h)
    kTopic,    // so many different ones of these words near one another (within Detector::kContext bytes)
  } kind = Kind::kPhrases;
  std::vector<std::string> words;  // of phrases and topics; a word that ends with "*" is the beginning of one
  std::string pattern;
  std::size_t at_least = 3;  // of a topic
  float confidence = 1;
};

// Sees what an operator's rules are about. Letters of phrases and topics are of either case; all of them are whole
// words.
class ContentDetector final : public Detector {
 public:
  static constexpr std::size_t kMostWords = 8;  // of a phrase
  static constexpr std::size_t kMostRules = 1000;

  // `allowed` are patterns too: what they match is never told of. kInvalidRequest names the rule and what is wrong.
  static base::Result<std::unique_ptr<ContentDetector>> Make(std::vector<ContentRule> rules,
                                                             const std::vector<std::string>& allowed);
  ~ContentDetector() override;

  std::string_view Name() const override { return "content"; }
  std::vector<Trigger> Triggers() const override;
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const override;
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override;

 private:
  struct State;
  explicit ContentDetector(std::unique_ptr<const State> state);

  std::unique_ptr<const State> state_;
};

}  // namespace gatehouse::inspect::content
