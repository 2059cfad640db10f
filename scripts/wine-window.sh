#!/usr/bin/env bash
# Opens the window for Windows under wine, on a display of its own: the sandboxed tour
# is started, drawn, photographed and closed as a person closes it.
#
#   scripts/wine-window.sh PROGRAM.exe     the picture goes to $ARTEFACTS/wine-window.png
#   scripts/wine-window.sh --warm          is the C of the window for Windows in the build cache?
#
# It runs in namespaces of its own, where loopback is all the network there is, and
# what wine leaves running ends with it. Needs root.
set -euo pipefail

compiler=x86_64-w64-mingw32-gcc
cd "$(dirname "$0")/.."
if [ "${1:-}" = --warm ]; then
	# The packages that are C: the rest is built in seconds.
	stale=$(CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=$compiler "${GO:-$(scripts/go.sh)}" list -tags migrated_fynedo \
		-f '{{if .Stale}}{{.ImportPath}}{{end}}' runtime/cgo github.com/go-gl/gl/v2.1/gl github.com/go-gl/glfw/v3.4/glfw)
	[ -z "$stale" ]
	exit
fi

program=$(realpath "$1")
export ARTEFACTS=${ARTEFACTS:-$PWD/artefacts}
mkdir -p "$ARTEFACTS"
if [ "${inside:-}" != yes ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	# Nothing of the session is taken over: see integration/namespace.
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin inside=yes ARTEFACTS="$ARTEFACTS" \
		HOME="$dir" TMPDIR="$dir" XDG_RUNTIME_DIR="$dir" LANG=en_US.UTF-8 FYNE_SCALE=1 FYNE_THEME=light \
		WINEPREFIX="$dir/prefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=d;mshtml=d" \
		timeout -k 10 300 unshare --net --ipc --mount --pid --fork --kill-child --mount-proc "$0" "$program"
	exit
fi

# wait_for WHAT SECONDS CMD… waits for a condition.
wait_for() {
	local what=$1 end=$((SECONDS + $2))
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || { echo "wine-window: $what did not come" >&2; picture failed; exit 1; }
		sleep 0.2
	done
}
picture() { import -window root "$ARTEFACTS/wine-window${1:+-$1}.png" || true; }

ip link set lo up
mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix
mkfifo "$HOME/number"
Xvfb -displayfd 3 -noreset -screen 0 1400x1000x24 -nolisten tcp 3>"$HOME/number" 2>"$HOME/xvfb.log" &
read -r number <"$HOME/number"
export DISPLAY=:$number
openbox >/dev/null 2>&1 &
wait_for "a window manager" 20 xdotool get_num_desktops

# What Go has taken random numbers from since 1.21, and wine 8 lacks.
cat >"$HOME/prng.c" <<'END'
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID buffer, ULONG size);
BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) { return SystemFunction036(buffer, (ULONG)size); }
END
wineboot -i >/dev/null 2>&1
"$compiler" -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$HOME/prng.c" -ladvapi32

wine "$program" demo >"$HOME/said" 2>&1 &
mooring=$!
# A filled button in the theme's own colour is in the banner only, over the chain of a
# registry that was asked and judged.
judged() {
	[ "$(import -window root -depth 8 rgb:- | od -An -v -t x1 -w3 | grep -c "$colour")" -gt 2000 ]
}
colour=$(sed -n 's/.*ColorAccent: *0x\(..\)\(..\)\(..\),/ \L\1 \2 \3/p' ui/theme/palette.go | head -1)
[ -n "$colour" ]
wait_for "the window" 120 xdotool search --onlyvisible --name Mooring
wait_for "the tour's registry in the window" 60 judged
picture ""
xdotool search --onlyvisible --name Mooring windowfocus --sync
xdotool key alt+F4
end=$((SECONDS + 30))
while kill -0 "$mooring" 2>/dev/null; do
	[ "$SECONDS" -lt "$end" ] || { echo "wine-window: it does not end when its window is closed" >&2; exit 1; }
	sleep 0.2
done
# wine 8 knows no FileDispositionInformationEx, by which Go removes a directory.
wait "$mooring" || grep -q 'mooring-demo-.*Invalid function' "$HOME/said" || { cat "$HOME/said" >&2; exit 1; }
echo "the window for Windows was opened under $(wine --version): $ARTEFACTS/wine-window.png"
