#!/usr/bin/env bash
# Runs under Miri what it can run: the tests of `stream::detect`, whose `unsafe` blocks are the
# library's only ones beside two socket options, and those of the memory transport with whole calls
# over it (tests/tests/in_memory.rs). Fails where one of them does.
#
# It needs the nightly toolchain, and adds its component `miri` where that is missing.
#
# Not run: tests with sockets, pipes of the kernel or other processes, which Miri does not know, and
# the interleavings and all else that visits many states, which would take hours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Seconds for each of the steps, building included. Miri takes a thousand times as long as a
# processor.
limit=600
# In how many orders the threads of the memory transport's own tests are run; whole calls are run in
# one.
orders=16

cargo +nightly miri --version >/dev/null 2>&1 || rustup component add miri rust-src --toolchain nightly

run() {
  # the clock and the files of this machine
  MIRIFLAGS="-Zmiri-disable-isolation $1" timeout --kill-after 5 "$limit" cargo +nightly miri test --locked "${@:2}"
}

export CARGO_TERM_COLOR=never
# a target of its own, for what Miri builds is of no use to others
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/miri
run "" -p rpc-core --lib stream::detect
run "" -p rpc-tests --test in_memory calls_of_each_kind
run "-Zmiri-many-seeds=0..$orders" -p rpc-tests --test in_memory -- --skip calls_of_each_kind
