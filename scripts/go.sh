#!/bin/sh
# Finds a Go that can build Mooring, or fetches one.
#
#   scripts/go.sh              prints the path of the go command
#   scripts/go.sh --check      succeeds if there is one
#   scripts/go.sh --describe   says what --install would do
#   scripts/go.sh --install    fetches the pinned release (Linux)
#
# Distributions carry a Go that is too old more often than not. Any Go from 1.21
# fetches by itself the version that go.mod asks for. Where there is none, the
# same archive is fetched from the module proxy and compared with its SHA-256.
set -eu

version=1.26.8
sum_amd64=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
sum_arm64=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
home=${XDG_DATA_HOME:-$HOME/.local/share}/mooring-build/go$version

# usable GO: it is 1.21 or later, or already the version wanted.
usable() {
	v=$("$1" env GOVERSION 2>/dev/null) || return 1
	minor=$(echo "$v" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
	[ -n "$minor" ] && [ "$minor" -ge 21 ]
}

find_go() {
	if command -v go >/dev/null && usable go; then command -v go; return; fi
	for g in "$home/bin/go" /usr/local/go/bin/go; do
		if [ -x "$g" ] && usable "$g"; then echo "$g"; return; fi
	done
	return 1
}

arch() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64 | arm64) echo arm64 ;;
	*) echo "no Go is pinned for $(uname -m): install Go 1.21 or later by hand" >&2; return 1 ;;
	esac
}

install_go() {
	a=$(arch)
	proxy=${GOPROXY:-}
	proxy=${proxy%%[,|]*}
	case $proxy in http*) ;; *) proxy=https://proxy.golang.org ;; esac
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	curl -fsSL -o "$tmp/go.zip" "$proxy/golang.org/toolchain/@v/v0.0.1-go$version.linux-$a.zip"
	eval "want=\$sum_$a"
	echo "$want  $tmp/go.zip" | sha256sum -c --quiet -
	unzip -q "$tmp/go.zip" -d "$tmp"
	tree=$tmp/golang.org/toolchain@v0.0.1-go$version.linux-$a
	# A module archive carries no permission bits.
	find "$tree/bin" "$tree/pkg/tool" -type f -exec chmod 755 {} +
	mkdir -p "$(dirname "$home")"
	rm -rf "$home"
	mv "$tree" "$home"
}

case ${1:-} in
'') find_go || echo go ;; # "go" fails with a message of the shell's own
--check) find_go >/dev/null ;;
--describe) echo "Go $version to be fetched from the Go module proxy into $home" ;;
--install) install_go ;;
*) echo "usage: scripts/go.sh [--check|--describe|--install]" >&2; exit 2 ;;
esac
