#!/usr/bin/env bash
# Runs the tests of rpc-core on 32 bits, natively on a 64-bit Linux: the library's own and those of
# the package `rpc-tests`. Fails where one of them does.
#
# usage: scripts/i686-tests.sh [arguments of `cargo test`, such as --test cuts]
#
# It needs the target (`rustup target add i686-unknown-linux-gnu`) and a linker for it (Debian:
# gcc-multilib). It skips what is skipped elsewhere, too: see CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Seconds that the tests of one file may take. Each has a watchdog, so that this is for what hangs
# before or after it.
limit=900

export CARGO_TERM_COLOR=never
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUNNER="timeout --kill-after 5 $limit"
which=("$@")
[ $# -gt 0 ] || which=(--lib --tests)
cargo test --locked --target i686-unknown-linux-gnu -p rpc-core -p rpc-tests --no-fail-fast "${which[@]}"
