#include "net/frame_pool.h"

#include <array>
#include <cstdint>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define GH_NET_PLAIN_FRAMES 1
#endif
#endif

namespace gatehouse::net::internal {

#ifdef GH_NET_PLAIN_FRAMES

void* AllocateFrame(std::size_t bytes) { return ::operator new(bytes); }
void ReleaseFrame(void* frame, std::size_t bytes) noexcept { ::operator delete(frame, bytes); }

#else

namespace {

constexpr std::size_t kGranule = 64;
constexpr std::size_t kClasses = 32;                    // frames up to 2 KiB are pooled
constexpr std::size_t kKeptBytesPerClass = 64UL << 10;  // 2 MiB per thread at the very most

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* head = nullptr;
  std::uint32_t size = 0;
};

// Outlives the lists below, so that a frame released by a later thread-local destructor still finds its way. These two
// are the layer's only variables outside an object: operator new has nowhere else to look.
thread_local bool lists_gone = false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

struct FreeLists {
  std::array<FreeList, kClasses> lists;

  FreeLists() = default;
  FreeLists(const FreeLists&) = delete;
  FreeLists& operator=(const FreeLists&) = delete;
  ~FreeLists() {
    lists_gone = true;
    for (auto& list : lists) {
      while (auto* frame = list.head) {
        list.head = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local FreeLists free_lists;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

constexpr std::size_t ClassOf(std::size_t bytes) { return (bytes - 1) / kGranule; }
constexpr std::size_t BlockSize(std::size_t size_class) { return (size_class + 1) * kGranule; }

}  // namespace

void* AllocateFrame(std::size_t bytes) {
  const auto size_class = ClassOf(bytes);
  if (size_class >= kClasses || lists_gone)
    return ::operator new(size_class < kClasses ? BlockSize(size_class) : bytes);
  auto& list = free_lists.lists[size_class];
  if (list.head == nullptr) return ::operator new(BlockSize(size_class));
  auto* frame = list.head;
  list.head = frame->next;
  --list.size;
  return frame;
}

void ReleaseFrame(void* frame, std::size_t bytes) noexcept {
  const auto size_class = ClassOf(bytes);
  if (size_class >= kClasses || lists_gone) return ::operator delete(frame);
  auto& list = free_lists.lists[size_class];
  if (list.size * BlockSize(size_class) >= kKeptBytesPerClass) return ::operator delete(frame);
  list.head = ::new (frame) FreeFrame{list.head};
  ++list.size;
}

#endif

}  // namespace gatehouse::net::internal
