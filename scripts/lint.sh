#!/usr/bin/env bash
# Formatting, vet and staticcheck, with pinned versions of the tools. Each is run
# for the two builds there are: with a window (compiled against Fyne's headless
# driver, so that no C is needed) and without. All complaints are shown before
# the script fails.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
go=${GO:-$(scripts/go.sh)}
gofumpt=mvdan.cc/gofumpt@v0.9.2
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.7.0
export CGO_ENABLED=0
status=0

echo "gofumpt"
unformatted=$("$go" run "$gofumpt" -l .) || status=1
if [ -n "$unformatted" ]; then
	echo "not formatted as gofumpt does it:" >&2
	echo "$unformatted" >&2
	status=1
fi
for tags in ci,migrated_fynedo,integration,e2e nogui; do
	echo "vet -tags $tags"
	"$go" vet -tags "$tags" ./... || status=1
	echo "staticcheck -tags $tags"
	"$go" run "$staticcheck" -tags "$tags" ./... || status=1
done
exit "$status"
