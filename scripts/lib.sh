# Sourced by the scripts beside it: strict mode, the repository root as working folder, and a Node that is new enough.
set -euo pipefail
export LC_ALL=C.UTF-8
GH_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$GH_ROOT"
[ ! -x "$GH_ROOT/build/node/bin/node" ] || export PATH="$GH_ROOT/build/node/bin:$PATH"
GH_JOBS=${GH_JOBS:-$(nproc)}

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# configure PRESET [cmake arguments]: only when there is nothing to build from yet; ninja configures again by itself.
configure() {
  local preset=$1
  shift
  if [ ! -f "build/$preset/build.ninja" ] || [ CMakePresets.json -nt "build/$preset/build.ninja" ]; then
    say "configuring build/$preset"
    cmake --preset "$preset" "$@" >"build/$preset.configure.log" 2>&1 || {
      cat "build/$preset.configure.log" >&2
      die "cmake --preset $preset failed"
    }
  fi
}

# build PRESET TARGET...: quiet unless it fails.
build() {
  local preset=$1
  shift
  configure "$preset"
  ninja -C "build/$preset" -j "$GH_JOBS" --quiet "$@" || die "building $* ($preset) failed"
}

# targets PRESET: the names that the preset can build.
targets() { ninja -C "build/$1" -t targets all | sed -n 's/^\([A-Za-z0-9_]*\): \(phony\|CXX_EXECUTABLE_LINKER.*\)$/\1/p'; }

mkdir -p build
