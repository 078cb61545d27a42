#pragma once

// Invariants. A failed check is a bug: the process says where and aborts. Never on input.
namespace gatehouse::base {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace gatehouse::base

#define GH_CHECK(condition)                                                           \
  do {                                                                                \
    if (!(condition)) ::gatehouse::base::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#ifdef NDEBUG
#define GH_DCHECK(condition) static_cast<void>(0)
#else
#define GH_DCHECK(condition) GH_CHECK(condition)
#endif
