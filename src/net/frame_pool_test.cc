#include "net/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace gatehouse::net::internal {
namespace {

TEST(FramePoolTest, LiveFramesNeverShareMemory) {
  std::vector<std::pair<unsigned char*, std::size_t>> frames;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t bytes = 1; bytes <= 4096; bytes += 37) {
      auto* frame = static_cast<unsigned char*>(AllocateFrame(bytes));
      std::memset(frame, static_cast<int>(bytes % 251), bytes);
      frames.emplace_back(frame, bytes);
    }
    for (const auto& [frame, bytes] : frames) {
      for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(frame[i], bytes % 251);
      ReleaseFrame(frame, bytes);
    }
    frames.clear();
  }
}

TEST(FramePoolTest, AFrameMayBeReleasedOnAnotherThread) {
  std::vector<void*> frames;
  for (int i = 0; i < 100; ++i) frames.push_back(AllocateFrame(200));
  std::thread([&] {
    for (auto* frame : frames) ReleaseFrame(frame, 200);
    std::set<void*> again;
    for (int i = 0; i < 100; ++i) again.insert(AllocateFrame(200));
    EXPECT_EQ(again.size(), 100U);
    for (auto* frame : again) ReleaseFrame(frame, 200);
  }).join();
}

}  // namespace
}  // namespace gatehouse::net::internal
