#!/usr/bin/env bash
# Runs the tests of rpc-core for Windows under Wine, on Linux: the library's own and those of the
# package `rpc-tests`. Fails where one of them does.
#
# usage: scripts/windows-tests.sh [arguments of `cargo test`, such as --test cuts]
#
# It needs the target (`rustup target add x86_64-pc-windows-gnu`), a linker and Wine (Debian:
# gcc-mingw-w64-x86-64 and wine64). Wine's own folder is made anew, and removed at the end.
#
# Not run here: what the sources gate by `cfg(unix)` or mark as ignored, with their reasons; and
#   messages_and_accepted_forms   it asks the compiler, which Wine does not find
# The programs of `rpc-examples` are Unix's, apart from its examples, which are only compiled.
#
# What cannot be known in this way: Wine's sockets are Linux's below, so how much a socket takes
# before a write waits, what a write has done when its time limit passes, how long the system takes
# to report a limit, and what of a stream is lost when its peer resets it are Linux's, too. Nor is
# anything known of speed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=x86_64-pc-windows-gnu
not_under_wine=(messages_and_accepted_forms)
# Seconds that the tests of one file may take. Each has a watchdog, so that this is for what hangs
# before or after it.
limit=600

fail() {
  echo "$*" >&2
  exit 1
}

wine=
for candidate in wine64 wine /usr/lib/wine/wine64; do
  wine=$(command -v "$candidate") && break
done
[ -n "$wine" ] || fail "there is no Wine: install wine64"
command -v x86_64-w64-mingw32-gcc >/dev/null || fail "there is no linker for Windows: install gcc-mingw-w64-x86-64"

folder=$(mktemp -d)
export WINEPREFIX=$folder/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml='
server=$(command -v wineserver || echo "$(dirname "$wine")/wineserver")
trap '"$server" --kill 2>/dev/null || true; rm -rf "$folder"' EXIT
timeout --kill-after 5 300 "$wine" wineboot --init >"$folder/wineboot" 2>&1 || { cat "$folder/wineboot" >&2; fail "Wine does not start"; }

# std takes random numbers from a library that Wine has since version 9 only
library=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
if [ ! -e "$library" ]; then
  cat >"$folder/random.c" <<'END'
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len) { return RtlGenRandom(data, (ULONG)len); }
END
  x86_64-w64-mingw32-gcc -shared -O1 -o "$library" "$folder/random.c" -ladvapi32
fi

export CARGO_TERM_COLOR=never
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="timeout --kill-after 5 $limit $wine"
which=("$@")
[ $# -gt 0 ] || which=(--lib --tests)
cargo test --locked --target "$target" -p rpc-core -p rpc-tests --no-fail-fast "${which[@]}" -- \
  "${not_under_wine[@]/#/--skip=}" 2>&1 | tee "$folder/log"

sum() {
  sed -n "s/^test result: .* \([0-9]*\) $1;.*/\1/p" "$folder/log" | awk '{ sum += $1 } END { print sum + 0 }'
}
echo "Windows under Wine: $(sum passed) tests passed, $(sum ignored) ignored, skipped here: ${not_under_wine[*]}"
