#pragma once

#include <time.h>

#include <algorithm>

// For the programs that measure parts (x_bench.cc); product code has no use for it.
namespace gatehouse::base {

// CPU time of this thread.
inline double CpuNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of this thread per call, the best of several rounds: other load on the machine disturbs it least.
template <class Work>
double MeasureNanoseconds(Work work) {
  constexpr int kRounds = 40;
  constexpr int kCallsPerLook = 16;  // at the clock
  constexpr double kRoundNanoseconds = 5e6;
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    int calls = 0;
    const double start = CpuNanoseconds();
    double now = start;
    while (now - start < kRoundNanoseconds) {
      for (int i = 0; i < kCallsPerLook; ++i, ++calls) work();
      now = CpuNanoseconds();
    }
    best = std::min(best, (now - start) / calls);
  }
  return best;
}

}  // namespace gatehouse::base
