#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/channel.h"
#include "inspect/detector.h"
#include "inspect/finding.h"

namespace gatehouse::inspect {

// All detectors over one scan. Immutable, shared by all loops. Building compiles the triggers (milliseconds to a
// second) and belongs on no loop.
class Inspector {
 public:
  // Memory that a scan needs; one per thread and inspector, reused from call to call.
  class Scratch {
   public:
    explicit Scratch(const Inspector& inspector);
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;

   private:
    friend class Inspector;
    struct State;
    std::unique_ptr<State> state_;
  };

  // kInvalidRequest names the detector and the trigger that cannot be compiled.
  static base::Result<std::shared_ptr<const Inspector>> Build(std::vector<std::unique_ptr<const Detector>> detectors);
  ~Inspector();

  // Whether all of a text was looked at, or bounds on the work left something out: what is recorded says so.
  enum class Coverage : std::uint8_t { kWhole, kPart };

  // Appends what is in text[begin, end): by position, each thing once, whatever the number of views that show it (see
  // overlap.h). What stands before `begin` is context. `text` ends at a seam, or where all of it ends.
  Coverage Inspect(std::string_view text, std::size_t begin, Channel channel, Scratch& scratch,
                   std::vector<Finding>& findings) const;

  // How much of `text`, which begins at a seam, can be inspected and let go before more of it comes: the last seam that
  // no detector holds open, in none of the forms that it is read in. What is longer than kLongestWord (see seam.h) is
  // held no longer for what it looks like in other forms.
  std::size_t Settled(std::string_view text, Scratch& scratch) const;

  // Bytes before `begin` that Inspect() looks at.
  static constexpr std::size_t kContext = 512;

 private:
  struct State;
  explicit Inspector(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::inspect
