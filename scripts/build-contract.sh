#!/usr/bin/env bash
# The build contract: a hello program, client and server over TCP, needs at most 30 crates and builds from scratch in
# release mode in at most a third of the time that the same takes with tarpc. Fails where it does not hold.
#
# usage: scripts/build-contract.sh [--rounds N] [--rivals]
#   --rounds N  builds each N times, in turn, and compares the medians; 3
#   --rivals    shows tonic and jsonrpsee, too
#
# It needs bash 5, cargo, and the crates' registry unless they are in cargo's cache. What else runs on the machine meanwhile
# counts against whoever is being built: leave it alone. The processor's seconds, beside the clock's, suffer less from that.
set -euo pipefail

most_crates=30
least_ratio=3

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=3
contestants=(rpc-core tarpc)
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds takes a number}; shift 2 ;;
    --rivals) contestants+=(tonic jsonrpsee); shift ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# nothing that a developer has set up for speed may help one of them
unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTFLAGS CARGO_BUILD_RUSTC_WRAPPER CARGO_BUILD_JOBS
export CARGO_TERM_COLOR=never

# What each needs in its Cargo.toml; for a rival what its own example of TCP asks for.
dependencies() {
  case $1 in
    rpc-core) echo "rpc-core = { path = '$root/rpc-core' }" ;;
    tarpc) cat <<'END'
futures = "0.3"
tarpc = { version = "0.38", features = ["full"] }
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
END
      ;;
    tonic) cat <<'END'
prost = "0.14"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "net"] }
tonic = "0.14"
tonic-prost = "0.14"

[build-dependencies]
tonic-build = "0.14"
END
      ;;
    jsonrpsee) cat <<'END'
jsonrpsee = { version = "0.26", features = ["macros", "server", "ws-client"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
END
      ;;
  esac
}

# Makes a project of its own and fetches all its crates, so that nothing is fetched while the time is taken.
prepare() {
  local project=$folder/$1
  mkdir -p "$project/src"
  printf '[workspace]\n\n[package]\nname = "hello"\nedition = "2024"\n\n[dependencies]\n%s\n' "$(dependencies "$1")" \
    >"$project/Cargo.toml"
  cp "$root/scripts/hello/$1.rs" "$project/src/main.rs"
  if [ -f "$root/scripts/hello/$1_build.rs" ]; then
    cp "$root/scripts/hello/$1_build.rs" "$project/build.rs"
  fi
  # the versions that the workspace has, where it has any
  cp "$root/Cargo.lock" "$project/Cargo.lock"
  cargo fetch --quiet --manifest-path "$project/Cargo.toml" --target "$host"
}

# How many crates are compiled for it on this machine, itself left out.
crates() {
  cargo tree --manifest-path "$folder/$1/Cargo.toml" --offline --target "$host" --edges normal,build \
    --prefix none --no-dedupe --format '{p}' | sed 's/ (proc-macro)//' | sort -u | grep -vc '^hello v'
}

# Builds it from scratch; prints the milliseconds that passed, and those of the processor.
build() {
  local target=$folder/$1/target taken TIMEFORMAT='%R %U %S'
  rm -rf "$target"
  taken=$({ time CARGO_TARGET_DIR=$target cargo build --quiet --release --offline \
    --manifest-path "$folder/$1/Cargo.toml" 2>"$folder/errors"; } 2>&1) || { cat "$folder/errors" >&2; return 1; }
  [ "$("$target/release/hello")" = "hello, world" ] || { echo "the program with $1 does not work" >&2; return 1; }
  read -r real user system <<<"${taken//./}"
  echo "$((10#$real)) $((10#$user + 10#$system))"
}

median() {
  printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

seconds() {
  printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

host=$(rustc -vV | sed -n 's/^host: //p')
for name in "${contestants[@]}"; do
  prepare "$name"
done
declare -A times processor count middle
for ((round = 1; round <= rounds; round++)); do
  for name in "${contestants[@]}"; do
    taken=$(build "$name")
    times[$name]+=" ${taken% *}"
    processor[$name]+=" ${taken#* }"
  done
done

printf '%-10s %7s %9s %12s %11s   %s\n' hello crates seconds 'times ours' 'processor' 'each round'
for name in "${contestants[@]}"; do
  count[$name]=$(crates "$name")
  # unquoted: a word each
  middle[$name]=$(median ${times[$name]})
  hundredths=$((middle[$name] * 100 / middle[rpc-core]))
  printf '%-10s %7d %9s %9d.%02d %11s   ' "$name" "${count[$name]}" "$(seconds "${middle[$name]}")" \
    $((hundredths / 100)) $((hundredths % 100)) "$(seconds "$(median ${processor[$name]})")"
  for time in ${times[$name]}; do printf ' %s' "$(seconds "$time")"; done
  echo
done

failed=0
if [ "${count[rpc-core]}" -gt "$most_crates" ]; then
  echo "FAILED: hello needs ${count[rpc-core]} crates, $most_crates are allowed" >&2
  failed=1
fi
if [ $((middle[rpc-core] * least_ratio)) -gt "${middle[tarpc]}" ]; then
  echo "FAILED: hello takes more than one part in $least_ratio of the time that it takes with tarpc" >&2
  failed=1
fi
exit $failed
