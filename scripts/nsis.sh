#!/usr/bin/env bash
# Packs the programs for Windows into an installer, after `make share`.
#
#   scripts/nsis.sh [--no-window] DIRECTORY INSTALLER.exe
#
# DIRECTORY holds mooring-cli.exe and mooring.exe; with --no-window the latter is not
# needed, and neither links nor certificates are offered to Mooring.
set -euo pipefail

options=()
if [ "$1" = --no-window ]; then options+=(-DNO_WINDOW); shift; fi
programs=$(realpath "$1") installer=$(realpath -m "$2")
cd "$(dirname "$0")/.."
mkdir -p "$(dirname "$installer")"
version=$(bin/mooring-cli --version | cut -d' ' -f2)
scripts/winres.sh "$programs" "$version"
makensis -V2 -WX ${options[@]+"${options[@]}"} -DVERSION="$version" \
	-DBIN="$programs" -DSHARE="$PWD/bin/share" -DLICENSE="$PWD/LICENSE" -DOUT="$installer" assets/package/mooring.nsi
