#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::pipeline {

// What is done about a finding, mildest first: where several rules speak, the strictest wins.
enum class Measure : std::uint8_t {
  kNone,        // let it be: an exception from a rule that follows
  kAnnotate,    // note it: log, ledger, header
  kNeutralise,  // take from it what makes a program act on it: links are written so that nothing follows them
  kTokenise,    // put a token in its place, and the text back where the token comes in the answer
  kHash,        // put a keyed hash in its place: the same text has the same hash
  kMask,        // put its kind in its place
  kDrop,        // take away the text that it stands in; of an answer, from there on
  kDeny,        // refuse the exchange, or cut the answer
};

std::string_view ToString(Measure measure);  // "annotate", ...
inline bool Changes(Measure measure) { return measure > Measure::kAnnotate && measure < Measure::kDeny; }

}  // namespace gatehouse::pipeline
