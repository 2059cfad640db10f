#!/usr/bin/env bash
# Runs every fuzz target of the module for a number of inputs, one after another.
# A time instead (10s) works too, but then Go sometimes reports "context deadline
# exceeded" as a failure of the target (go.dev/issue/75804).
#
#   FUZZTIME=40000x scripts/fuzz.sh
set -euo pipefail

cd "$(dirname "$0")/.."
go=${GO:-$(scripts/go.sh)}
time=${FUZZTIME:-40000x}
count=0
failed=()
# Packages of the window are built with Fyne's headless driver; none of them
# parses hostile input, so the nogui build lists all targets there are.
packages=$(CGO_ENABLED=0 "$go" list -tags nogui -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
for package in $packages; do
	targets=$(CGO_ENABLED=0 "$go" test -tags nogui -list '^Fuzz' "$package" | grep '^Fuzz' || true)
	for target in $targets; do
		echo "--- $package $target $time"
		CGO_ENABLED=0 "$go" test -tags nogui -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x "$package" || failed+=("$package $target")
		count=$((count + 1))
	done
done
echo "fuzzed $count targets for $time each"
if [ ${#failed[@]} -gt 0 ]; then
	printf 'FAILED: %s\n' "${failed[@]}"
	exit 1
fi
[ "$count" -gt 0 ]
