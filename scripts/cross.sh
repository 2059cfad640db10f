#!/usr/bin/env bash
# Vets and builds the command line for the other systems. The window needs each
# system's own headers and is built by the runners in .github/workflows; its Go code
# for macOS is type-checked here.
set -euo pipefail

cd "$(dirname "$0")/.."
go=${GO:-$(scripts/go.sh)}
export CGO_ENABLED=0
for target in windows/amd64 darwin/arm64 darwin/amd64 linux/arm64; do
	export GOOS=${target%/*} GOARCH=${target#*/}
	echo "$target"
	"$go" vet -tags nogui ./...
	"$go" build -tags nogui -ldflags '-s -w' -o "bin/cross/mooring-cli-$GOOS-$GOARCH" .
done
unset GOOS GOARCH
echo "the window's types on darwin"
"$go" test -tags nogui,crosswindow -run TestWindowTypeChecksForMac -count 1 -v .
