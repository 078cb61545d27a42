#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/benchmark.h"
#include "base/check.h"
#include "base/clock.h"
#include "codec/crypto/hash.h"
#include "record/log/log_reader.h"
#include "record/log/log_writer.h"
#include "record/log/verification.h"

// record_program load FOLDER ENTRIES BYTES THREADS
//     writes entries as a gateway does, and prints what an append, the writing and opening it again cost
// record_program read FOLDER
//     what verifying it and proving its entries cost
// record_program write FOLDER
//     writes until it is killed; says on standard output what it was promised
// record_program reopen FOLDER
//     opens it as a gateway does at its start, and closes it again
namespace gatehouse::record::log {
namespace {

constexpr const char* kOrigin = "record.example/proof";

double Seconds(base::TimePoint since) {
  return std::chrono::duration<double>(base::SystemClock().Now() - since).count();
}

// Of all threads.
double ProcessSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::unique_ptr<LogWriter> Open(PosixFiles& files, const char* folder) {
  LogOptions options;
  options.folder = folder;
  options.origin = kOrigin;
  auto writer = LogWriter::Open(std::move(options), files, base::SystemClock());
  if (writer.ok()) return std::move(writer).value();
  std::fprintf(stderr, "cannot open: %s %s\n", writer.error().public_message.c_str(), writer.error().detail.c_str());
  std::exit(1);
}

std::string Filler(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text.push_back(static_cast<char>('a' + text.size() * 7 % 26));
  return text;
}

struct Load {
  std::uint64_t entries = 0;
  std::size_t bytes = 0;
  int threads = 1;
  std::uint64_t begin_us = 0;  // the time of the first entry
};

// What a gateway says of a request that is over, one millisecond after the one before: of a thousand users, one in a
// thousand of whose requests is denied; of twenty models, and one in a hundred thousand of another.
std::string EntryOf(std::uint64_t number, const Load& load, std::string_view filler) {
  constexpr std::uint64_t kUsers = 1000;
  const std::uint64_t user = number * 7919 % kUsers;
  const bool denied = number % 1009 == 500;
  std::string entry = R"({"v":1,"t":"req.end","seq":)" + std::to_string(number);
  const auto add = [&](std::string_view member, std::uint64_t value, std::string_view rest) {
    entry.append(member).append(std::to_string(value)).append(rest);
  };
  add(R"(,"ts":)", load.begin_us + number * 1000, R"(,"node":"gw1","surface":"openai.chat","op":"chat")");
  entry += R"(,"model":")";
  if (number % 99'991 == 7) {
    entry += R"(rare")";
  } else {
    add("m", number * 31 % 20, "\"");
  }
  add(R"(,"id":"load_)", number, "\"");
  add(R"(,"org":")", 1 + user / 500, "\"");
  add(R"(,"team":")", 10 + user / 50, "\"");
  add(R"(,"project":")", 100 + user / 10, "\"");
  add(R"(,"sub":")", 1000 + user, "\"");
  add(R"(,"cred":"k)", user,
      denied ? R"(","decision":"deny","status":403,"pad":")" : R"(","decision":"allow","status":200,"pad":")");
  return entry.append(filler, 0, load.bytes - std::min(load.bytes, entry.size() + 2)).append("\"}");
}

// One thread's part: appends as fast as the log takes it. Its own time in nanoseconds for an append; waits, and making
// the entries up, are not counted.
double AppendAll(LogWriter& writer, const Load& load, std::atomic<std::uint64_t>& next) {
  constexpr std::uint64_t kBlock = 64;
  const std::uint64_t count = load.entries / static_cast<std::uint64_t>(load.threads);
  const std::string filler = Filler(load.bytes);
  std::vector<std::string> block;
  double spent = 0;
  for (std::uint64_t i = 0; i < count;) {
    while (block.size() < std::min(kBlock, count - i)) block.push_back(EntryOf(next.fetch_add(1) + 1, load, filler));
    const double begin = base::CpuNanoseconds();
    std::size_t taken = 0;
    while (taken < block.size() && writer.Append(block[taken], Durability::kGroup).ok()) ++taken;
    spent += base::CpuNanoseconds() - begin;
    i += taken;
    block.erase(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(taken));
    if (block.empty()) continue;
    // The log is behind: let it catch up.
    std::promise<void> durable;
    writer.Publish([&](const auto&) { durable.set_value(); });
    durable.get_future().wait();
  }
  return spent / static_cast<double>(count);
}

int RunLoad(const char* folder, Load load) {
  PosixFiles files;
  load.begin_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(base::SystemClock().Wall().time_since_epoch()).count());
  auto writer = Open(files, folder);
  const double cpu = ProcessSeconds();
  const auto begin = base::SystemClock().Now();
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::future<double>> parts;
  for (int i = 0; i < load.threads; ++i) {
    parts.push_back(std::async(std::launch::async, [&] { return AppendAll(*writer, load, next); }));
  }
  double append = 0;
  for (auto& part : parts) append += part.get() / load.threads;
  const std::uint64_t commits = writer->state().commits;
  writer.reset();
  const double took = Seconds(begin);
  std::printf("append_ns %.0f\nwrite_s %.2f\nwrite_cpu_s %.2f\nentries_per_s %.0f\ncommits %llu\n", append, took,
              ProcessSeconds() - cpu, static_cast<double>(load.entries) / took,
              static_cast<unsigned long long>(commits));
  const auto again = base::SystemClock().Now();
  const double again_cpu = ProcessSeconds();
  writer = Open(files, folder);
  std::printf("open_ms %.1f\nopen_cpu_ms %.1f\n", Seconds(again) * 1e3, (ProcessSeconds() - again_cpu) * 1e3);
  return 0;
}

int RunRead(const char* folder) {
  PosixFiles files;
  const double cpu = ProcessSeconds();
  const auto verified = Verify(files, {.folder = folder});
  const double verify = ProcessSeconds() - cpu;
  if (!verified.ok() || verified.value().verdict == Verification::Verdict::kTampered) return 1;
  auto reader = LogReader::Open(files, folder);
  GH_CHECK(reader.ok());
  const std::uint64_t size = reader.value().head().size;
  constexpr int kProofs = 200;
  double slowest = 0;
  for (int i = 0; i < kProofs; ++i) {
    auto fresh = LogReader::Open(files, folder);
    const auto begin = base::SystemClock().Now();
    GH_CHECK(fresh.value().Prove(static_cast<std::uint64_t>(i) * 7919 % size).ok());
    GH_CHECK(i == 0 || fresh.value().ProveConsistency(static_cast<std::uint64_t>(i) * 104'729 % size + 1).ok());
    slowest = std::max(slowest, Seconds(begin));
  }
  std::printf("size %llu\nverify_cpu_s %.2f\nverify_per_s %.0f\nslowest_proof_ms %.2f\n",
              static_cast<unsigned long long>(size), verify, static_cast<double>(size) / verify, slowest * 1e3);
  return 0;
}

// The text of an entry tells which it is, and for whom it was written.
std::string TextOf(std::uint64_t number, Durability durability) {
  std::string text = durability == Durability::kStrict ? "strict " : "group ";
  text.append(std::to_string(number)).append(" ");
  return text + Filler(50 + number * 37 % 900);
}

void SayLine(std::string_view kind, std::uint64_t index, std::uint64_t number) {
  const auto now = base::SystemClock().Now().time_since_epoch();
  std::string line(kind);
  line.append(" ").append(std::to_string(index)).append(" ").append(std::to_string(number)).append(" ");
  line.append(std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count())).append("\n");
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);
}

int RunWrite(const char* folder) {
  PosixFiles files;
  const auto writer = Open(files, folder);
  SayLine("open", writer->state().next_index, 0);
  for (std::uint64_t number = 0;; ++number) {
    const bool strict = number % 16 == 0;
    const Durability durability = strict ? Durability::kStrict : Durability::kGroup;
    std::promise<void> told;
    LogWriter::Told tell;
    if (strict) {
      tell = [&](const base::Result<std::uint64_t>& durable) {
        if (durable.ok()) SayLine("strict", durable.value(), number);
        told.set_value();
      };
    }
    const auto index = writer->Append(TextOf(number, durability), durability, std::move(tell));
    if (!index.ok()) return 1;
    if (strict) {
      told.get_future().wait();
    } else {
      SayLine("group", index.value(), number);
    }
  }
}

}  // namespace
}  // namespace gatehouse::record::log

int main(int argc, char** argv) {
  using namespace gatehouse::record::log;
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const std::string_view what = argc > 2 ? arguments[1] : "";
  if (what == "load" && argc == 6) {
    return RunLoad(arguments[2], {.entries = std::strtoull(arguments[3], nullptr, 10),
                                  .bytes = std::strtoull(arguments[4], nullptr, 10),
                                  .threads = static_cast<int>(std::strtol(arguments[5], nullptr, 10))});
  }
  if (what == "read" && argc == 3) return RunRead(arguments[2]);
  if (what == "write" && argc == 3) return RunWrite(arguments[2]);
  if (what == "append" && argc == 4) {
    gatehouse::record::log::PosixFiles files;
    return Open(files, arguments[2])->Append(arguments[3], Durability::kGroup).ok() ? 0 : 1;
  }
  if (what == "reopen" && argc == 3) {
    gatehouse::record::log::PosixFiles files;
    Open(files, arguments[2]);
    return 0;
  }
  std::fprintf(
      stderr,
      "usage: record_program load FOLDER ENTRIES BYTES THREADS | append FOLDER ENTRY | read|write|reopen FOLDER\n");
  return 2;
}
