#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/eval/row.h"
#include "inspect/finding.h"

namespace gatehouse::inspect::eval {

// How many were found, missed, and made up.
struct Tally {
  std::uint64_t found = 0;
  std::uint64_t missed = 0;
  std::uint64_t right = 0;  // findings that are
  std::uint64_t wrong = 0;  // findings that are not

  // 1 where there is nothing to be found, or nothing was.
  double Precision() const;
  double Recall() const;
  double F(double beta) const;  // weighs recall beta times as much as precision
  Tally& operator+=(const Tally& other);
};

// Compares findings with what people have marked.
//
// Personal data: a finding is right if it shares a byte with a mark of its type, and a mark is found if it does with a
// finding of its type. Types are joined where marks and findings cut alike things differently (see TypeOf); places and
// addresses may stand for each other. Marks of types that nothing looks for are counted apart.
// Secrets and injections: a row is found, or wrong, if there is a finding of the task's categories in it.
class Score {
 public:
  explicit Score(Task task) : task_(task) {}

  void Add(const Row& row, std::span<const Finding> findings, std::uint64_t nanoseconds);

  Tally Total() const;
  // Of types with structure: all but people, places, addresses and nations.
  Tally Structured() const;
  // Of types whose numbers have check digits.
  Tally Checksummed() const;

  std::string ToTable() const;
  std::string ToJson() const;

 private:
  void AddMarks(const Row& row, std::span<const Finding> findings);
  void AddLabel(const Row& row, std::span<const Finding> findings);
  std::vector<std::pair<std::string_view, Tally>> Sums() const;
  std::uint64_t Percentile(double part) const;

  Task task_;
  std::map<std::string, Tally, std::less<>> tallies_;  // by type, or by group
  std::map<std::string, std::uint64_t, std::less<>> unsought_;
  std::vector<std::uint64_t> nanoseconds_;  // of each row
  std::uint64_t bytes_ = 0;
};

// The type under which a mark or a finding is counted; "" for marks that nothing looks for.
std::string_view TypeOf(std::string_view entity);

}  // namespace gatehouse::inspect::eval
