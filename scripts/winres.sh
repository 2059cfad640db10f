#!/usr/bin/env bash
# Gives the programs for Windows their manifest, their version and the description that
# UAC shows, and makes the helper's two files of the command line: one for each thing
# that a person is asked for.
#
#   scripts/winres.sh DIRECTORY VERSION
#
# DIRECTORY holds mooring-cli.exe, and mooring.exe if the window was built.
set -euo pipefail

programs=$(realpath "$1") version=${2%%-*}
cd "$(dirname "$0")/.."
go=${GO:-$(scripts/go.sh)}
winres=github.com/tc-hib/go-winres@v0.3.3

cp "$programs/mooring-cli.exe" "$programs/mooring-helper-registry.exe"
cp "$programs/mooring-cli.exe" "$programs/mooring-helper-computer.exe"
for of in cli:mooring-cli registry:mooring-helper-registry computer:mooring-helper-computer mooring:mooring; do
	program=$programs/${of#*:}.exe
	if [ -e "$program" ]; then
		env -u GOOS -u GOARCH "$go" run "$winres" patch --no-backup --delete --in "assets/windows/${of%%:*}.json" \
			--file-version "$version" --product-version "$version" "$program"
	fi
done
