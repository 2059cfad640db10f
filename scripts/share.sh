#!/usr/bin/env bash
# Makes what is installed beside the programs: the manual page, completions for
# three shells, the icon in sizes, and the licences of the modules that are built in.
#
#   scripts/share.sh PROGRAM DIRECTORY SIZE…     PROGRAM: the command line, for this machine
set -euo pipefail

program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
sizes=("${@:3}")
cd "$(dirname "$0")/.."
go=${GO:-$(scripts/go.sh)}
export CGO_ENABLED=0

version=$("$program" --version | cut -d' ' -f2)
"$go" run -tags nogui ./ui/cli/manual "$version" <assets/man/mooring.1.in >"$out/mooring.1"
"$program" completion bash >"$out/mooring.bash"
"$program" completion zsh >"$out/_mooring"
"$program" completion fish >"$out/mooring.fish"
"$go" run ./assets/icons/render assets/icons/app.svg "$out/icons" "${sizes[@]}"
"$go" run ./assets/icons/render assets/icons/app.svg "$out/mooring.ico" 16 24 32 48 64 256

# notice TITLE FILE
notice() {
	printf '\n===== %s: %s\n\n' "$1" "${2##*/}"
	cat "$2"
}

# The notices that the licences of others ask for, each module's own files as they
# are. CGO_ENABLED=1 only chooses the files of the window's build; nothing is compiled.
notices() {
	local module dir files file
	CGO_ENABLED=1 "$go" list -deps -tags migrated_fynedo \
		-f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}|{{.Dir}}{{end}}{{end}}' . | sort -u >"$out/modules"
	while IFS='|' read -r module dir; do
		files=$(find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort)
		[ -n "$files" ] || { echo "no licence is in $module" >&2; return 1; }
		while read -r file; do notice "$module" "$file"; done <<<"$files"
	done <"$out/modules"
	rm "$out/modules"
	notice "The Go standard library" "$("$go" env GOROOT)/LICENSE"
	notice "The font Inter" assets/fonts/OFL.txt
}
{
	echo "Mooring itself is under the licence in the file LICENSE. These are the licences of what is built into it."
	notices
} >"$out/LICENSES.others"
