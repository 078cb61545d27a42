# Warnings, hardening and sanitizers for every target.
add_library(gh_compiler INTERFACE)
target_compile_options(gh_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Wthread-safety -Wno-gnu-zero-variadic-macro-arguments -Wno-missing-designated-field-initializers
  -fno-omit-frame-pointer -fstack-protector-strong -fcf-protection=full)
target_include_directories(gh_compiler INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_options(gh_compiler INTERFACE -fuse-ld=lld -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

if(GH_SANITIZE)
  target_compile_options(gh_compiler INTERFACE -fsanitize=${GH_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(gh_compiler INTERFACE -fsanitize=${GH_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(gh_compiler INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
endif()

# A profile of the benchmark's traffic tells the compiler which code is hot (ADR 9); scripts/profile records it. Functions
# that changed since are compiled as if there were none.
set(GH_PROFILE ${PROJECT_SOURCE_DIR}/tools/profile/gatehouse.profdata)
if(NOT GH_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Local functions are told apart by the name of their file alone, so that a profile fits every checkout.
  target_compile_options(gh_compiler INTERFACE "SHELL:-mllvm -static-func-full-module-prefix=false")
  if(GH_RECORD_PROFILE)
    target_compile_options(gh_compiler INTERFACE -fprofile-generate)
    target_link_options(gh_compiler INTERFACE -fprofile-generate)
  elseif(EXISTS ${GH_PROFILE})
    # Named in the command, so that another profile means another build.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GH_PROFILE})
    file(SHA256 ${GH_PROFILE} digest)
    string(SUBSTRING ${digest} 0 16 digest)
    target_compile_definitions(gh_compiler INTERFACE GH_PROFILE_DIGEST=${digest})
    target_compile_options(gh_compiler INTERFACE -fprofile-use=${GH_PROFILE}
      -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
  endif()
endif()

if(GH_FUZZ)
  target_compile_options(gh_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Paths relative to the checkout, so that checkouts in different folders share the cache.
find_program(GH_CCACHE ccache)
if(GH_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true ${GH_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
