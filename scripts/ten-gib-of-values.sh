#!/usr/bin/env bash
# Sends 10 GiB of small items in each direction, and in both, over TCP, and fails if a side needs
# more than 1 MiB of memory for that. It takes some minutes.
#
# usage: scripts/ten-gib-of-values.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo test --locked --release -p rpc-tests --test memory -- --ignored --nocapture ten_gib_of_values_take_no_more
