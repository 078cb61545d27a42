#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/content/phrase_book.h"
#include "inspect/content/surroundings.h"
#include "inspect/detector.h"

namespace gatehouse::inspect::content {

// Sees known phrasings and structures of texts that want to be instructions, cheaply: a first line, not a verdict.
//
//   INSTRUCTION_OVERRIDE, PROMPT_EXTRACTION, PERSONA_OVERRIDE, CONCEALMENT   phrases (injection_phrases.cc)
//   ROLE_TOKEN          what models are told roles with: "<|im_start|>", "[INST]"
//   FAKE_ROLE           a line that plays such a part: "### System:", "<system>"
//   HIDDEN_TEXT         phrases in what a reader does not see: comments of HTML, elements without size or colour
//   TAG_CHARACTERS      U+E0000 to U+E007F, which show nothing, outside of flags
//
// A phrase that is quoted, or that is spoken about, is a finding of low confidence. A text is held open from what may
// be the beginning of a phrase.
class InjectionDetector : public Detector {
 public:
  InjectionDetector();

  std::string_view Name() const override { return "injection"; }
  std::vector<Trigger> Triggers() const override;
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const override;
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override;

 private:
  struct Sign {
    enum class Kind : std::uint8_t { kPhrase, kRoleToken, kFakeRole, kTags };
    Kind kind = Kind::kPhrase;
    std::uint32_t phrase = 0;
  };
  struct Watch {
    Trigger trigger;
    std::vector<Sign> signs;
  };

  void Add(Trigger trigger, Sign sign);
  void LookForPhrases(const Subject& subject, std::size_t end, const Watch& watch, Surroundings& surroundings,
                      std::vector<Finding>& findings) const;
  static void LookForStructure(const Subject& subject, std::size_t end, const Watch& watch, Surroundings& surroundings,
                               std::vector<Finding>& findings);

  PhraseBook phrases_;
  std::vector<Watch> watches_;  // by trigger
};

}  // namespace gatehouse::inspect::content
