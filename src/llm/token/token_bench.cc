#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "llm/token/counter.h"
#include "llm/token/family.h"
#include "llm/token/split.h"
#include "llm/token/table_file.h"

// usage: token_bench TABLE_FOLDER TEXT_FILE
namespace gatehouse::llm::token {
namespace {

double CpuMilliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Best of several rounds, of this thread's time.
template <class Work>
double Measure(Work work) {
  double best = 1e18;
  for (int round = 0; round < 15; ++round) {
    const double start = CpuMilliseconds();
    work();
    best = std::min(best, CpuMilliseconds() - start);
  }
  return best;
}

void Report(const char* what, std::size_t size, double milliseconds) {
  std::printf("  %-28s %9.2f ms %8.1f MB/s\n", what, milliseconds, static_cast<double>(size) / 1e3 / milliseconds);
}

void Compare(Pattern pattern, const std::string& folder, const std::string& text) {
  const std::string path = folder + "/" + std::string(TableFileName(pattern));
  std::shared_ptr<const Table> table;
  const double load = Measure([&] {
    auto loaded = LoadTable(path);
    GH_CHECK(loaded.ok());
    table = std::move(loaded).value();
  });
  std::printf("%s: %zu bytes of text, table loaded in %.2f ms\n", path.c_str(), text.size(), load);
  Report("split only", text.size(), Measure([&] {
           std::string_view rest = text;
           while (!rest.empty()) rest.remove_prefix(FirstPiece(pattern, rest));
         }));
  std::uint64_t tokens = 0;
  Report("count, cold", text.size(), Measure([&] { tokens = Counter(table, pattern).Count(text); }));
  Counter counter(table, pattern);
  Report("count, warm", text.size(), Measure([&] { tokens = counter.Count(text); }));
  std::printf("  %llu tokens\n", static_cast<unsigned long long>(tokens));
  const std::string run(1 << 20, 'x');
  Report("1 MiB of one letter", run.size(), Measure([&] { tokens = counter.Count(run); }));
  std::string noise;
  for (std::uint32_t i = 0, state = 1; i < (1 << 20); ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>('a' + (state >> 24) % 26);
  }
  Report("1 MiB of random letters", noise.size(), Measure([&] { tokens = counter.Count(noise); }));
}

}  // namespace
}  // namespace gatehouse::llm::token

int main(int argc, char** argv) {
  using namespace gatehouse::llm::token;
  if (argc != 3) {
    std::printf("usage: token_bench TABLE_FOLDER TEXT_FILE\n");
    return 2;
  }
  std::ifstream file(argv[2], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  GH_CHECK(!text.empty());
  Compare(Pattern::kO200k, argv[1], text);
  Compare(Pattern::kCl100k, argv[1], text);
  return 0;
}
