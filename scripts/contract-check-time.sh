#!/usr/bin/env bash
# How long `cargo check` takes of a crate that holds a service with 100 methods of all shapes, each with
# documentation: with this tree, and with an older revision of it. Fails if it takes more than a tenth longer.
#
# usage: scripts/contract-check-time.sh REVISION [--rounds N] [--schema]
#   REVISION    what this tree is compared with: a commit or a tag
#   --rounds N  checks each N times, in turn, and compares the medians; 11
#   --schema    shows this tree with the feature `schema` as well, where half of the types have one
#
# The dependencies are checked before the time is taken, and nothing is incremental: each round is that crate alone, from
# its first byte. The processor's seconds are compared, which suffer less from what else runs on the machine.
set -euo pipefail

most_percent=110

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
revision='' rounds=11
contestants=(before now)
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=${2:?--rounds takes a number}; shift 2 ;;
    --schema) contestants+=(schema); shift ;;
    -*) usage ;;
    *) [ -z "$revision" ] || usage; revision=$1; shift ;;
  esac
done
[ -n "$revision" ] || usage

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTFLAGS CARGO_BUILD_RUSTC_WRAPPER
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0

mkdir "$folder/tree"
git -C "$root" archive "$revision" | tar -x -C "$folder/tree"

# Twenty groups of five methods.
methods() {
  local at
  for ((at = 1; at <= 20; at++)); do
    cat <<END
    /// Returns the entries of group $at below a prefix.
    ///
    /// # Errors
    /// If there is no such group.
    fn list_$at(&self, prefix: &str, most: Option<u32>) -> Result<Vec<Entry>, Failure>;
    /// Renames an entry of group $at.
    fn rename_$at(&self, from: &str, to: String, force: bool) -> Result<()>;
    /// Stores the content of an entry of group $at, and returns how much of it is new.
    fn store_$at(&self, entry: &Entry, content: impl Read) -> Result<u64, Failure>;
    /// Returns an entry of group $at and its content.
    fn fetch_$at(&self, name: &str) -> Result<(Entry, impl Read), Failure>;
    /// Returns of each entry whether group $at has it.
    fn check_$at(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Iterator<Item = Result<Plain>>>;
END
  done
}

# Makes a project of its own over the library in a folder.
prepare() {
  local project=$folder/$1 library=$root features='' derive=''
  case $1 in
    before) library=$folder/tree ;;
    schema) features=', features = ["schema"]' derive=', schemars::JsonSchema' ;;
  esac
  mkdir -p "$project/src"
  cat >"$project/Cargo.toml" <<END
[workspace]

[package]
name = "service"
edition = "2024"

[dependencies]
rpc-core = { path = '$library/rpc-core'$features }
serde = { version = "1", features = ["derive"] }
END
  [ -z "$derive" ] || echo 'schemars = "1"' >>"$project/Cargo.toml"
  cat >"$project/src/lib.rs" <<END
use std::fmt;
use std::io::Read;

use rpc_core::{Error, rpc_service};
use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Serialize, Deserialize$derive)]
pub struct Entry {
    pub name: String,
    pub size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Plain {
    There(u64),
    Missing,
}

#[derive(Debug, Serialize, Deserialize$derive)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error.to_string())
    }
}

/// Keeps entries.
#[rpc_service]
pub trait Depot {
$(methods)
}
END
  # the versions that the workspace has, where it has any
  cp "$root/Cargo.lock" "$project/Cargo.lock"
  check "$1" >/dev/null
}

# Checks the crate alone; prints the milliseconds of the processor.
check() {
  local taken TIMEFORMAT='%U %S'
  touch "$folder/$1/src/lib.rs"
  taken=$({ time CARGO_TARGET_DIR=$folder/$1/target cargo check --quiet --offline \
    --manifest-path "$folder/$1/Cargo.toml" 2>"$folder/errors"; } 2>&1) || { cat "$folder/errors" >&2; return 1; }
  read -r user system <<<"${taken//./}"
  echo "$((10#$user + 10#$system))"
}

median() {
  printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

for name in "${contestants[@]}"; do
  prepare "$name"
done
declare -A times middle
for ((round = 1; round <= rounds; round++)); do
  for name in "${contestants[@]}"; do
    times[$name]+=" $(check "$name")"
  done
done

printf '%-8s %12s %8s   %s\n' tree 'milliseconds' percent 'each round'
for name in "${contestants[@]}"; do
  # unquoted: a word each
  middle[$name]=$(median ${times[$name]})
  printf '%-8s %12d %8d   %s\n' "$name" "${middle[$name]}" $((middle[$name] * 100 / middle[before])) "${times[$name]}"
done
if [ $((middle[now] * 100)) -gt $((middle[before] * most_percent)) ]; then
  echo "FAILED: checking a service with 100 methods takes more than a tenth longer than with $revision" >&2
  exit 1
fi
