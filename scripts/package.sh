#!/usr/bin/env bash
# Packs what `make install` places. Root is not needed.
#
#   scripts/package.sh deb|rpm     after `make build`; the package goes into dist/
#
# nfpm is a tool, not a part of Mooring: its version is pinned here, and go run keeps
# it out of go.mod.
set -euo pipefail

cd "$(dirname "$0")/.."
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
go=${GO:-$(scripts/go.sh)}
kind=$1
umask 022

ARCH=$("$go" env GOARCH)
VERSION=$(bin/mooring-cli --version | cut -d' ' -f2)
# The same sources make the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export ARCH VERSION SOURCE_DATE_EPOCH

TREE=$(mktemp -d)
export TREE
trap 'rm -rf "$TREE"' EXIT
chmod 0755 "$TREE" # it stands for the root directory
places=(DESTDIR="$TREE" prefix=/usr)
[ "$kind" != deb ] || places+=(zshdir=/usr/share/zsh/vendor-completions)
make --no-print-directory -s install "${places[@]}" >/dev/null

# What distributions expect of a package beside that.
doc=$TREE/usr/share/doc/mooring
gzip -9n "$TREE"/usr/share/man/man1/*.1 "$doc/LICENSES.others"
if [ "$kind" = deb ]; then
	mv "$doc/LICENSE" "$doc/copyright"
	gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
	gzip -9n >"$doc/changelog.Debian.gz" <<-EOF
		mooring (${VERSION/-/\~}-1) unstable; urgency=medium

		  * What changed is told in changelog.gz.

		 -- The Mooring authors <noreply@mooring.dev>  $(date -uR -d "@$SOURCE_DATE_EPOCH")
	EOF
	mkdir -p "$TREE/usr/share/lintian/overrides"
	cp assets/package/lintian-overrides "$TREE/usr/share/lintian/overrides/mooring"
fi

mkdir -p dist
rm -f dist/mooring[_-]*."$kind"
"$go" run "$nfpm" package --config assets/package/nfpm.yaml --packager "$kind" --target dist/
