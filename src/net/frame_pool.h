#pragma once

#include <cstddef>

namespace gatehouse::net::internal {

// Coroutine frames come and go by the dozen in each request. These keep a bounded free list per thread and size class,
// so that a frame costs a few nanoseconds; under a sanitizer they are plain new and delete, so that a stale frame is
// caught.
void* AllocateFrame(std::size_t bytes);
void ReleaseFrame(void* frame, std::size_t bytes) noexcept;

}  // namespace gatehouse::net::internal
