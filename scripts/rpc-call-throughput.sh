#!/usr/bin/env bash
# Compares `rpc call` with a program that calls rpc_core::copy itself: both move a file of 1 GiB
# from `cat` to a server and from a server to `cat`, over TCP and a Unix socket, in turn. Prints the
# best of all rounds and their ratio. On a terminal, rpc draws its progress bar meanwhile.
#
# usage: scripts/rpc-call-throughput.sh [ROUNDS] [DIR]
#   ROUNDS  how many times each is run; 7
#   DIR     where the file is; $TMPDIR or /tmp
#
# The file is in the page cache. It needs bash and cargo, and cat.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d "${2:-${TMPDIR:-/tmp}}/rpc-call-throughput.XXXXXX")
trap 'rm -rf "$folder"' EXIT

cargo build --quiet --release --locked --manifest-path "$root/Cargo.toml" -p rpc-cli --bin rpc --example throughput
release=${CARGO_TARGET_DIR:-$root/target}/release
"$release/examples/throughput" "$release/rpc" "$folder" "${1:-7}"
