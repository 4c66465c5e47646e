#!/usr/bin/env bash
# Lets 200 clients mix every kind of call over every kind of socket for ten minutes, while servers
# are killed and restarted. It prints how the calls ended and what the processes hold, and fails if
# anything leaked, ran twice, or arrived as something else. It needs Linux.
#
# usage: scripts/soak.sh [OPTIONS OF rpc-soak, such as --seconds 60]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo run --quiet --release --locked -p rpc-soak -- "$@"
