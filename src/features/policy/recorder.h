#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "features/policy/rule_set.h"

namespace gatehouse::features::policy {

// What was decided about one exchange in one phase, to be told to a person who asks why.
struct Explanation {
  std::string request_id;
  base::WallTime when{};
  std::string surface;
  std::string model;
  pipeline::Phase phase = pipeline::Phase::kRequest;
  pipeline::Effect effect = pipeline::Effect::kAllow;
  std::string decided_by;  // a rule's id, or "default"
  base::Duration took{};
  struct Line {
    const Rule* rule = nullptr;  // of `rules`
    Finding::Outcome outcome = Finding::Outcome::kDoesNotHold;
    std::string reason;
  };
  std::vector<Line> lines;
  std::shared_ptr<const RuleSet> rules;
};

// The first of them as an object, which has the others in its `earlier`. REQUIRES: there is one.
std::string ToJson(const std::vector<Explanation>& explanations);

// The latest decisions of one loop, which writes them; any thread reads. Bounded: the oldest gives way. Outlives
// reloads.
class Recorder {
 public:
  static constexpr std::size_t kKept = 1024;

  Recorder() : kept_(kKept) {}

  // What happened, by the names of Explanation; copied into memory that is there already. `surface` is a constant.
  struct Entry {
    std::string_view request_id;
    base::WallTime when;
    std::string_view surface;
    std::string_view model;
    base::Duration took;
  };
  void Note(const Entry& entry, pipeline::Phase phase, Docket& judged, const std::shared_ptr<const RuleSet>& rules);

  // What was decided about the latest exchange of that id: of each phase the latest, the latest first. Empty: nothing
  // is remembered.
  std::vector<Explanation> Find(std::string_view request_id) const;

 private:
  // An Explanation in little memory: every request passes through here, and few are asked about.
  struct Kept {
    std::string names;  // the request's id, and the model
    std::uint32_t id_bytes = 0;
    pipeline::Phase phase = pipeline::Phase::kRequest;
    base::WallTime when{};
    base::Duration took{};
    std::string_view surface;
    std::shared_ptr<const Minutes> minutes;
    std::shared_ptr<const RuleSet> rules;

    std::string_view request_id() const { return std::string_view(names).substr(0, id_bytes); }
    std::string_view model() const { return std::string_view(names).substr(id_bytes); }
  };
  static Explanation Unfold(const Kept& kept);
  void FetchAhead() const;

  mutable std::mutex mutex_;
  std::vector<Kept> kept_;  // guarded; a ring
  std::size_t next_ = 0;
};

}  // namespace gatehouse::features::policy
