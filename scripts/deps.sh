#!/usr/bin/env bash
# Installs what a target of the Makefile lacks, and says beforehand what that is.
#
#   scripts/deps.sh [--list] build|test|lab|wine|e2e|cli
#
# cli    Go alone: the command line without a window
# build  and what Fyne's window is compiled from
# test   a C compiler for the race detector, and small tools that tests run
# lab    the real engines of the integration tests (Debian and Ubuntu only)
# wine   Windows' Credential Manager, and what builds for it (Debian and Ubuntu only)
# e2e    a virtual display, a session bus, polkit and engines (Debian and Ubuntu only)
#
# --list says what is missing and installs nothing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
list=false
if [ "${1:-}" = --list ]; then list=true; shift; fi
set_name=${1:-build}

manager() {
	local m
	if [ "$(uname -s)" = Darwin ]; then echo brew; return; fi
	for m in apt-get dnf zypper pacman brew; do
		if command -v "$m" >/dev/null; then echo "$m"; return; fi
	done
	echo none
}

# packages MANAGER SET prints the set's packages. Fyne 2.8 needs the Wayland
# headers as well as those of X11, on every Linux.
packages() {
	case $1:$2 in
	*:cli) ;;
	apt-get:build) echo gcc libc6-dev pkg-config libgl1-mesa-dev libegl1-mesa-dev libwayland-dev libxkbcommon-dev \
		libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev ;;
	dnf:build) echo gcc pkgconf-pkg-config mesa-libGL-devel mesa-libEGL-devel wayland-devel libxkbcommon-devel \
		libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel ;;
	zypper:build) echo gcc pkg-config Mesa-libGL-devel Mesa-libEGL-devel wayland-devel libxkbcommon-devel \
		libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel ;;
	pacman:build) echo gcc pkgconf libglvnd mesa wayland libxkbcommon libx11 libxcursor libxrandr libxinerama libxi libxxf86vm ;;
	apt-get:test) echo gcc libc6-dev acl dbus desktop-file-utils appstream libnss3-tools ;;
	dnf:test) echo gcc acl dbus-daemon desktop-file-utils appstream nss-tools ;;
	zypper:test) echo gcc acl dbus-1-daemon desktop-file-utils AppStream mozilla-nss-tools ;;
	pacman:test) echo gcc acl dbus desktop-file-utils appstream nss ;;
	brew:build | brew:test) ;;
	apt-get:lab) echo docker.io containerd podman skopeo docker-registry apache2-utils nginx-light curl openssl \
		iproute2 util-linux ca-certificates dbus polkitd pkexec sudo passwd gnome-keyring libsecret-tools \
		make man-db xdg-utils bash-completion desktop-file-utils libnss3-tools p11-kit p11-kit-modules default-jre-headless ;;
	apt-get:wine) echo wine wine64 gcc-mingw-w64-x86-64 nsis make ;;
	apt-get:e2e) echo xvfb xauth openbox xdotool imagemagick dbus dbus-x11 polkitd pkexec fonts-nanum \
		docker.io containerd podman skopeo docker-registry apache2-utils libgl1-mesa-dri iproute2 util-linux passwd \
		gnome-keyring libsecret-tools lxqt-panel ;;
	*) return 1 ;;
	esac
}

installed() {
	case $1 in
	apt-get) dpkg-query -W -f '${Status}' "$2" 2>/dev/null | grep -q 'ok installed' ;;
	dnf | zypper) rpm -q --whatprovides "$2" >/dev/null 2>&1 ;;
	pacman) pacman -Qi "$2" >/dev/null 2>&1 ;;
	brew) brew list --formula "$2" >/dev/null 2>&1 ;;
	esac
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; return; fi
	if ! command -v sudo >/dev/null; then
		echo "Root's rights are needed for: $*" >&2
		echo "Run that as root, then try again." >&2
		return 1
	fi
	sudo "$@"
}

install_packages() {
	case $1 in
	apt-get)
		as_root apt-get -qq update
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${@:2}"
		;;
	dnf) as_root dnf -q install -y "${@:2}" ;;
	zypper) as_root zypper --quiet --non-interactive install --no-recommends "${@:2}" ;;
	pacman) as_root pacman -S --needed --noconfirm "${@:2}" ;;
	brew) brew install --quiet "${@:2}" ;;
	esac
}

m=$(manager)
missing=()
if ! wanted=$(packages "$m" "$set_name"); then
	echo "The $set_name set has no package list for $m (known: apt-get for all sets; dnf, zypper, pacman and brew for build and test)." >&2
	echo "See scripts/deps.sh for the names on Debian, and install the like." >&2
	exit 1
fi
for p in $wanted; do
	installed "$m" "$p" || missing+=("$p")
done

need_go=false
"$here/go.sh" --check || need_go=true
if $need_go && [ "$m" = brew ]; then missing+=(go); fi
if $need_go && [ "$(uname -s)" = Linux ] && ! command -v unzip >/dev/null; then missing+=(unzip); fi
if $need_go && [ "$(uname -s)" = Linux ] && ! command -v curl >/dev/null; then missing+=(curl); fi

if [ ${#missing[@]} -gt 0 ]; then
	echo "Missing for $set_name, to be installed with $m: ${missing[*]}"
	$list || install_packages "$m" "${missing[@]}"
fi
if $need_go && [ "$m" != brew ]; then
	echo "Missing for $set_name: Go; $("$here/go.sh" --describe)"
	$list || "$here/go.sh" --install
fi
if [ "$m" = brew ] && [ "$set_name" != cli ] && ! xcode-select -p >/dev/null 2>&1; then
	echo "Missing for $set_name: Apple's command line tools; to be installed with xcode-select --install"
	$list || xcode-select --install
fi
