#pragma once

// Before a function: it is compiled once for each of these kinds of processors, and which one is called is decided when
// the program is loaded. ThreadSanitizer has no shadow of anything by then, so under it there is only one.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GH_TARGET_CLONES
#endif
#endif
#ifndef GH_TARGET_CLONES
#define GH_TARGET_CLONES __attribute__((target_clones("avx512bw", "avx2", "default")))
#endif
