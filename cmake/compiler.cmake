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
