#!/usr/bin/env bash
# Compares `mirror pull` with rsync: a tree of 55,033 files with 632 MiB is copied into an empty
# directory, from a server on this machine, over loopback and through a relay that delays each
# direction by 10 ms. The durable mode is compared with rsync and a `sync` after it. Prints the
# median times and their ratios, and fails if a ratio is above its limit.
#
# usage: scripts/mirror-against-rsync.sh [--rounds N] [--loopback] [--dir DIR] [-- OPTIONS OF mirror pull]
#   --rounds N  copies everything N times, in turn, and compares the medians; 3
#   --loopback  leaves out the relay
#   --dir DIR   where the trees are, on a disk, because the durable mode waits for it: 1 GiB, and for
#               each round 7 GiB; $TMPDIR or /tmp
#
# The two sides and the trees are on one machine, and all that is read is in the page cache. Both
# servers start anew for each copy, so mirror hashes each file each time. rsync comes from its own
# daemon (rsync://), so neither of the two encrypts. What else runs on the machine meanwhile counts
# against whoever is copying: leave it alone.
#
# It needs bash 5, cargo, rustc, and rsync.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=3
ways=(loopback relay)
place=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds takes a number}; shift 2 ;;
    --loopback) ways=(loopback); shift ;;
    --dir) place=${2:?--dir takes a directory}; shift 2 ;;
    --) shift; break ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done
options=("$@")

folder=$(mktemp -d "$place/mirror-against-rsync.XXXXXX")
started=()
end() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap end EXIT

cargo build --quiet --release --locked --manifest-path "$root/Cargo.toml" -p rpc-examples --bin mirror
mirror=${CARGO_TARGET_DIR:-$root/target}/release/mirror
for helper in tree relay; do
  rustc --edition 2024 -O -o "$folder/$helper" "$root/scripts/mirror/$helper.rs"
done
"$folder/tree" "$folder/tree.d"
sync -f "$folder"

# Prints a port that nobody listens on now.
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# Runs a program in the background whose first line says where it listens; puts that into `address`.
start() {
  rm -f "$folder/line"
  mkfifo "$folder/line"
  "$@" >"$folder/line" &
  started+=($!)
  read -r address <"$folder/line"
}

# Ends the program that was started last.
stop() {
  kill "${started[-1]}"
  wait "${started[-1]}" 2>/dev/null || true
  unset 'started[-1]'
}

rsync_port=$(free_port)
cat >"$folder/rsyncd.conf" <<END
address = 127.0.0.1
port = $rsync_port
use chroot = no
[tree]
path = $folder/tree.d
read only = yes
END
rsync --daemon --no-detach --config "$folder/rsyncd.conf" &
started+=($!)
until (: <"/dev/tcp/127.0.0.1/$rsync_port") 2>/dev/null; do sleep 0.05; done
start "$folder/relay" "127.0.0.1:$rsync_port" 10
rsync_relay=${address##*:}

copy_of_rsync() {
  rsync -a "rsync://127.0.0.1:$1/tree/" "$copy"
}

copy_and_sync() {
  copy_of_rsync "$1"
  sync -f "$folder"
}

copy_of_mirror() {
  "$mirror" pull "$@" "${options[@]}" "$copy" >"$folder/report"
}

# Runs a copy into an empty directory and adds the milliseconds that it took to its times. The
# copies are removed at the very end: a disk that is told which blocks are free is slow meanwhile.
copies=0
take() {
  local name=$1 begun
  shift
  # what the previous copy has left to write must not count
  sync -f "$folder"
  copy=$folder/copy$((++copies))
  begun=${EPOCHREALTIME/./}
  "$@"
  times[$name]+=" $(((${EPOCHREALTIME/./} - begun) / 1000))"
  echo "round $round: $name ${times[$name]##* } ms" >&2
  if [ "$(find "$copy" -type f | wc -l)" != 55033 ]; then
    echo "$name did not copy everything" >&2
    exit 1
  fi
}

# The same for a pull by mirror from a server of its own, perhaps through the relay.
take_mirror() {
  local name=$1 way=$2 used=1
  shift 2
  start "$mirror" serve tcp://127.0.0.1:0 "$folder/tree.d"
  address=${address#listening on }
  if [ "$way" = relay ]; then
    start "$folder/relay" "${address#tcp://}" 10
    address=tcp://$address
    used=2
  fi
  take "$name" copy_of_mirror "$address" "$@"
  for ((; used > 0; used--)); do stop; done
}

median() {
  printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

seconds() {
  printf '%d.%02d' $(($1 / 1000)) $(($1 % 1000 / 10))
}

# Compares two names and fails if the ratio is above the limit, in hundredths.
failed=0
declare -A durable_limit=([loopback]=200 [relay]=150)
compare() {
  local name=$1 with=$2 limit=$3 ours theirs ratio verdict=''
  # unquoted: a word each
  ours=$(median ${times[$name]})
  theirs=$(median ${times[$with]})
  ratio=$((ours * 100 / theirs))
  if [ "$ratio" -gt "$limit" ]; then
    verdict='  TOO SLOW'
    failed=1
  fi
  printf '%-20s %8s %8s %6d.%02d %6d.%02d%s\n' "$name" "$(seconds "$ours")" "$(seconds "$theirs")" \
    $((ratio / 100)) $((ratio % 100)) $((limit / 100)) $((limit % 100)) "$verdict"
}

declare -A times
for ((round = 1; round <= rounds; round++)); do
  for way in "${ways[@]}"; do
    port=$rsync_port
    if [ "$way" = relay ]; then port=$rsync_relay; fi
    take "rsync $way" copy_of_rsync "$port"
    take_mirror "no-sync $way" "$way" --no-sync
    if [ "$round" = 1 ]; then
      diff -r "$folder/tree.d" "$copy"
    fi
    take "rsync+sync $way" copy_and_sync "$port"
    take_mirror "durable $way" "$way"
  done
done

echo "load: $(cut -d' ' -f1-3 /proc/loadavg); $(nproc) processors; medians of $rounds rounds, in seconds"
printf '%-20s %8s %8s %9s %9s\n' '' mirror rsync ratio limit
for way in "${ways[@]}"; do
  compare "no-sync $way" "rsync $way" 150
  compare "durable $way" "rsync+sync $way" "${durable_limit[$way]}"
done
for name in "${!times[@]}"; do echo "each $name:${times[$name]} ms"; done | sort
exit $failed
