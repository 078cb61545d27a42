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
targets() {
  ninja -C "build/$1" -t targets all | sed -n '/^cmake_object_order/d; s/^\([A-Za-z0-9_]*\): \(phony\|CXX_EXECUTABLE_LINKER.*\)$/\1/p'
}

mkdir -p build

# with_gatehouse BINARY COMMAND...: serves the simulated provider on free ports while the command runs, which finds the
# port in GH_PORT. The server must survive it and end in order.
with_gatehouse() {
  local binary=$1 folder pid code=0
  shift
  folder=$(mktemp -d)
  read -r GH_PORT GH_ADMIN_PORT < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
  export GH_PORT
  cat >"$folder/gatehouse.yaml" <<CONFIG
version: 1
listeners: [ { name: public, address: 127.0.0.1, port: $GH_PORT } ]
admin: { address: 127.0.0.1, port: $GH_ADMIN_PORT }
providers: [ { name: simulated, kind: simulated } ]
models: [ { name: demo-small, targets: [ { provider: simulated, model: demo-small } ] } ]
keys: [ { name: test, hash: "sha256:$(printf gh_test | sha256sum | cut -d ' ' -f 1)" } ]
CONFIG
  "$binary" serve --config "$folder/gatehouse.yaml" >"$folder/log" 2>&1 &
  pid=$!
  python3 -c '
import socket, sys, time
for _ in range(300):
    try: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close(); break
    except OSError: time.sleep(0.05)
else: sys.exit("gatehouse does not listen")' "$GH_PORT" && "$@" || code=$?
  kill -TERM "$pid" 2>/dev/null || code=1
  wait "$pid" || { code=1; say "gatehouse did not end in order:" && tail -n 20 "$folder/log" >&2; }
  rm -rf "$folder"
  return "$code"
}
