#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/channel.h"
#include "inspect/finding.h"

namespace gatehouse::inspect {

// What wakes a detector: the text is scanned once for the triggers of all of them. Cheap to find rather than exact; the
// detector looks closer.
struct Trigger {
  enum class Kind : std::uint8_t {
    kLiteral,  // these bytes
    kPattern,  // a regular expression in the syntax that PCRE and RE2 share, without look-around and back references
  };
  std::string text;
  Kind kind = Kind::kLiteral;
  enum class Case : std::uint8_t { kSensitive, kFolded } letters = Case::kFolded;  // of ASCII letters
};

// A trigger that was found: its number among those of its detector, and the offset behind its last byte. A trigger with
// repetitions hits at each end that it may have.
struct Hit {
  std::uint32_t trigger = 0;
  std::size_t end = 0;
};

// A piece of text in one of its views.
struct Subject {
  std::string_view text;
  // What stands before was looked at before (it was on its way already) and is context; a finding ends behind it.
  std::size_t begin = 0;
  Channel channel = Channel::kUser;
  View view = View::kRaw;
};

// Sees one kind of thing in text. Immutable: loops share it.
//
// A text may come in pieces, and what was seen must not depend on where it was cut. It is only ever cut at seams (see
// seam.h); a detector finds nothing that reaches over a seam, with two exceptions that it declares itself: what it
// holds open (OpenFrom), and findings that reach back before `begin`, which can be told of but no longer be masked
// whole. It looks behind the end of what it finds no further than to the next seam, and before it at most kContext
// bytes.
class Detector {
 public:
  static constexpr std::size_t kContext = 256;

  virtual ~Detector() = default;

  virtual std::string_view Name() const = 0;  // "pii", "secrets", ...
  // Asked once, when the detectors are put together.
  virtual std::vector<Trigger> Triggers() const = 0;
  // Appends what it sees, with spans in `subject.text`. `hits` are those of its triggers, by their end; called without
  // any too when it says so by Wakes().
  virtual void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const = 0;

  enum class Wakes : std::uint8_t { kByHits, kAlways };
  virtual Wakes WokenBy() const { return Wakes::kByHits; }

  // Where the earliest thing begins before `seam`, a seam of `text`, that reaches over it, or may when more text comes:
  // it is not to be cut there. `seam` where there is none.
  virtual std::size_t OpenFrom(std::string_view /*text*/, std::size_t seam) const { return seam; }
};

}  // namespace gatehouse::inspect
