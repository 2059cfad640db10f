#!/usr/bin/env bash
# Takes Mooring out of the files in which docker and podman name their credential
# helpers. Without that, both would look for a helper that is gone, and docker would
# fail for those registries. The passwords stay in the keyring. A package's removal
# script calls it before the files are removed; "make uninstall" does.
#
#   scripts/unregister.sh [PROGRAM]               for the person who runs it
#   scripts/unregister.sh --everybody [PROGRAM]   as root: for every person of this computer
#
# PROGRAM is mooring, by default the installed one. Under sudo the person is the one
# who called sudo. Root itself edits no files of others: each person's are edited as
# that person. Removing goes on whatever becomes of it.
set -u

everybody=false
if [ "${1:-}" = --everybody ]; then everybody=true; shift; fi
mooring=${1:-$(command -v mooring || true)}
if [ -z "$mooring" ] || [ ! -x "$mooring" ]; then
	exit 0
fi

# unregister CMD…: CMD becomes the person.
unregister() {
	if ! "$@" "$mooring" doctor --unregister --yes </dev/null; then
		echo "The files of docker and podman may still name Mooring: run \"mooring doctor --unregister\" as the person whose they are." >&2
	fi
}

if $everybody; then
	# People have numbers from 1000 (login.defs); 65534 is nobody. A home on a server
	# that does not answer must not stop the removal for good.
	while IFS=: read -r name _ uid _ _ home _; do
		if [ "$uid" = 0 ] || { [ "$uid" -ge 1000 ] && [ "$uid" -lt 60000 ]; } && [ -d "$home" ]; then
			unregister timeout 20 runuser -u "$name" -- env -i HOME="$home" USER="$name" PATH="$PATH"
		fi
	done </etc/passwd
elif [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
	unregister sudo -H -u "$SUDO_USER" --
else
	unregister env
fi
exit 0
