#!/usr/bin/env bash
# Takes Mooring out of the files in which docker and podman name their credential
# helpers, for the person who runs it. Without that, both would look for a helper
# that is gone, and docker would fail for those registries. A package's removal
# script calls it before the files are removed; "make uninstall" does.
#
#   scripts/unregister.sh [PROGRAM]     PROGRAM: mooring, by default the installed one
#
# Under sudo the person is the one who called sudo: root edits no files of theirs.
# Removing goes on whatever becomes of it.
set -u

mooring=${1:-$(command -v mooring || true)}
if [ -z "$mooring" ] || [ ! -x "$mooring" ]; then
	exit 0
fi
as=()
if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
	as=(sudo -H -u "$SUDO_USER" --)
fi
# bash before 4.4, which macOS has, takes an empty array for an unset variable.
if ! ${as[@]+"${as[@]}"} "$mooring" doctor --unregister --yes </dev/null; then
	echo "The files of docker and podman may still name Mooring: run \"mooring doctor --unregister\" as the person whose they are." >&2
fi
exit 0
