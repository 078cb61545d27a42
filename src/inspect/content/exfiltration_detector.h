#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/content/url.h"
#include "inspect/detector.h"

namespace gatehouse::inspect::content {

// Sees ways out: what a program that shows an answer fetches by itself, and what carries data away.
//
//   MARKDOWN_IMAGE, MARKDOWN_LINK   "![..](https://host/..)", and references "[..]: https://host/.."
//   HTML_FETCH, CSS_FETCH           elements with an address, "url(..)", "@import"
//   ENCODED_URL                     readable text in base64 or hexadecimal digits in any URL
//   CANARY                          a mark that stands in a prompt so that it be seen where it leaves; plain, reversed,
//                                   in hexadecimal digits, in base64
//
// Addresses of the allowed hosts are none of these. A finding is the address. An answer is judged more strictly than
// what goes to a model.
class ExfiltrationDetector : public Detector {
 public:
  struct Options {
    std::vector<std::string> allowed_hosts;  // each with all that is below it
    std::vector<std::string> canaries;       // of eight characters or more; shorter ones are not looked for
  };
  explicit ExfiltrationDetector(Options options);

  std::string_view Name() const override { return "exfiltration"; }
  std::vector<Trigger> Triggers() const override { return triggers_; }
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override;

 private:
  enum class Way : std::uint8_t { kImage, kLink, kElement, kStyle, kBare };

  void Look(const Subject& subject, std::size_t end, std::size_t trigger, std::vector<Finding>& findings) const;
  void LookForAddress(const Subject& subject, std::size_t at, Way way, std::vector<Finding>& findings) const;
  static float ConfidenceOf(Way way, Cargo cargo, Channel channel);
  static std::string_view EntityOf(Way way);

  // What a trigger shows, and the bytes of it that stand behind that.
  struct Sign {
    std::size_t introduction = 0;
    std::size_t behind = 0;
  };

  Options options_;
  std::vector<Trigger> triggers_;  // those of markup, then the forms of canaries
  std::vector<Sign> signs_;        // of those of markup
};

}  // namespace gatehouse::inspect::content
