#!/usr/bin/env bash
# Goes through what Mooring does to the trust of a Mac, with `security` alone, and
# compares each answer with what Mooring expects: adding a root and an intermediate
# for one host, finding them, verifying a server's certificate, removing them. It
# makes its own CA, changes nothing else, and cleans up whatever happens.
#
#   scripts/check-macos.sh [--yes] [--admin]
#
#   --yes     do not ask before beginning
#   --admin   also in the administrator's domain, through sudo
#
# macOS asks for your password or Touch ID each time that trust is changed: four
# times, and as often again with --admin. Exit status: 0 all is as expected, 1
# something is not, 2 wrong usage or not a Mac, 3 something could not be tried, because
# nobody was asked or you said no.
set -uo pipefail

security=${SECURITY:-/usr/bin/security}
yes='' admin=''
for arg in "$@"; do
	case $arg in
	--yes) yes=1 ;;
	--admin) admin=1 ;;
	*) sed -n '2,/^set /{/^# /s/^# //p;}' "$0" >&2; exit 2 ;;
	esac
done
if [ "$(uname -s)" != Darwin ]; then
	echo "This is for a Mac: it changes trust settings that exist only there. Nothing was done." >&2
	exit 2
fi
for tool in "$security" openssl perl; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing. Nothing was done." >&2
		exit 2
	fi
done

login=$HOME/Library/Keychains/login.keychain-db
system=/Library/Keychains/System.keychain
host=reg.mooring.test other=other.mooring.test
name="Mooring check $$"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

cat <<END
This makes a CA called "$name" that lives only here, and
  1. adds its root and then an intermediate to your login keychain, trusted for
     TLS with $host alone,
  2. looks whether macOS then trusts a certificate for that host, and for no other,
  3. removes both again, trust and certificate.
macOS will ask for your password or Touch ID four times.
END
[ -z "$admin" ] || echo "Then the same for the whole computer, through sudo; macOS will ask for an administrator."
if [ -z "$yes" ]; then
	printf 'Go on? [y/N] '
	read -r answer
	case $answer in [yY]*) ;; *) echo "Nothing was done."; exit 3 ;; esac
fi

# make_ca makes root, intermediate and server certificates.
make_ca() {
	cat >"$work/ca.cnf" <<-END
		[req]
		distinguished_name = dn
		[dn]
		[ca]
		basicConstraints = critical,CA:TRUE
		keyUsage = critical,keyCertSign,cRLSign
		subjectKeyIdentifier = hash
		[server]
		basicConstraints = critical,CA:FALSE
		extendedKeyUsage = serverAuth
		subjectAltName = DNS:$host,DNS:$other
	END
	local key
	for key in root inter leaf; do
		openssl ecparam -name prime256v1 -genkey -noout -out "$work/$key.key" || return
	done
	openssl req -x509 -new -config "$work/ca.cnf" -extensions ca -sha256 -days 30 \
		-key "$work/root.key" -subj "/CN=$name root" -out "$work/root.pem" &&
		sign inter "/CN=$name intermediate" root ca && sign leaf "/CN=$host" inter server
}

# sign NAME SUBJECT ISSUER EXTENSIONS
sign() {
	openssl req -new -config "$work/ca.cnf" -sha256 -key "$work/$1.key" -subj "$2" -out "$work/$1.csr" &&
		openssl x509 -req -in "$work/$1.csr" -CA "$work/$3.pem" -CAkey "$work/$3.key" -CAcreateserial \
			-sha256 -days 30 -extfile "$work/ca.cnf" -extensions "$4" -out "$work/$1.pem" 2>/dev/null
}

# digest sha256|sha1 NAME prints a certificate's digest as macOS does.
digest() { openssl x509 -in "$work/$2.pem" -noout -fingerprint "-$1" | sed 's/.*=//; s/://g'; }

passed=0 failed=0 untried=0
verdict() { # verdict ok|FAILED|untried WHAT [WHY]
	printf '%-8s %s%s\n' "$1" "$2" "${3:+: $3}"
	case $1 in ok) passed=$((passed + 1)) ;; FAILED) failed=$((failed + 1)) ;; *) untried=$((untried + 1)) ;; esac
}

as=() # sudo, for the administrator's domain
# run COMMAND… runs security, for two minutes at most: a panel that nobody sees
# would wait for ever. The answer is in $status, $work/out and $work/err.
run() {
	perl -e 'alarm shift; exec @ARGV or exit 127' 120 ${as[@]+"${as[@]}"} "$security" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

# expect STATUS WHAT COMMAND…
expect() {
	local want=$1 what=$2
	shift 2
	run "$@"
	if [ "$status" = "$want" ]; then verdict ok "$what"; return 0; fi
	verdict FAILED "$what" "exit status $status instead of $want: $(head -c 300 "$work/err")"
	return 1
}

# changes WHAT COMMAND… is for what macOS asks about. It is untried where nobody
# could be asked or the person said no. In which language macOS says so, it says
# itself.
changes() {
	local what=$1 said text
	shift
	run "$@"
	if [ "$status" = 0 ]; then verdict ok "$what"; return 0; fi
	said=$(cat "$work/err")
	while read -r text; do
		case $said in *"$text"*) verdict untried "$what" "$text"; return 1 ;; esac
	done < <("$security" error -60005 -60006 -60007 -128 -25308 -2070 | sed 's/^Error: [^ ]* [^ ]* //')
	if [ "$status" = 142 ]; then verdict untried "$what" "nobody answered for two minutes"; return 1; fi
	verdict FAILED "$what" "exit status $status: $(printf %s "$said" | head -c 300)"
	return 1
}

# says WHAT PATTERN [FILE] looks for a line in an answer.
says() {
	if grep -q -s -e "$2" "${3:-$work/out}"; then verdict ok "$1"; else verdict FAILED "$1" "no line has $2"; fi
}

verifies() { run verify-cert -c "$work/leaf.pem" -c "$work/inter.pem" -p ssl -n "$1" -L; [ "$status" = 0 ]; }
for_host() { # for_host yes|no HOST WHAT
	if verifies "$2"; then local got=yes; else local got=no; fi
	if [ "$got" = "$1" ]; then verdict ok "$3"; else verdict FAILED "$3" "$(head -c 300 "$work/err")"; fi
}

# clean_up removes what a step that failed may have left of the certificate $left.
left=''
clean_up() {
	[ -n "$left" ] || return
	run remove-trusted-cert ${domain:+"$domain"} "$work/$left.pem"
	run delete-certificate -Z "$(digest sha256 "$left")" "$keychain"
	left=''
}

# round_trip CERT RESULT adds a certificate and removes it again.
round_trip() {
	local cert=$1 result=$2 sha256 sha1
	sha256=$(digest sha256 "$cert") sha1=$(digest sha1 "$cert")
	for_host no "$host" "$where, $cert: nothing is trusted yet"
	left=$cert
	if ! changes "$where, $cert: added with $result" add-trusted-cert ${domain:+"$domain"} -r "$result" -p ssl -s "$host" -k "$keychain" "$work/$cert.pem"; then
		run find-certificate -a -Z -p "$keychain"
		if grep -q "$sha256" "$work/out"; then
			expect 0 "$where, $cert: taken out of the keychain again" delete-certificate -Z "$sha256" "$keychain"
		fi
		clean_up
		return
	fi
	expect 0 "$where, $cert: the keychain is listed" find-certificate -a -Z -p "$keychain"
	says "$where, $cert: it is there, by SHA-256" "^SHA-256 hash: $sha256\$"
	expect 0 "$where, $cert: the trust settings are exported" trust-settings-export ${domain:+"$domain"} "$work/settings.plist"
	says "$where, $cert: they are under its SHA-1" "<key>$sha1</key>" "$work/settings.plist"
	says "$where, $cert: they name the host" "<string>$host</string>" "$work/settings.plist"
	says "$where, $cert: they are those of a list of version 1" "trustVersion" "$work/settings.plist"
	for_host yes "$host" "$where, $cert: macOS trusts the server"
	for_host no "$other" "$where, $cert: and no other"
	if ! changes "$where, $cert: trust removed" remove-trusted-cert ${domain:+"$domain"} "$work/$cert.pem"; then
		clean_up
		return
	fi
	for_host no "$host" "$where, $cert: macOS trusts the server no more"
	run find-certificate -a -Z -p "$keychain"
	says "$where, $cert: the certificate is still there" "^SHA-256 hash: $sha256\$"
	expect 0 "$where, $cert: the certificate is deleted" delete-certificate -Z "$sha256" "$keychain"
	run find-certificate -a -Z -p "$keychain"
	if grep -q "$sha256" "$work/out"; then verdict FAILED "$where, $cert: it is gone"; else verdict ok "$where, $cert: it is gone"; left=''; fi
}

# facts are the answers that Mooring takes for granted, none of which changes anything.
facts() {
	expect 0 "$where: a list without a match" find-certificate -a -c "$name absent" -Z -p "$keychain"
	if [ -s "$work/out" ]; then verdict FAILED "$where: is empty"; else verdict ok "$where: is empty"; fi
	expect 44 "$where: a search without a match" find-certificate -c "$name absent" "$keychain"
	expect 1 "$where: no such certificate to delete" delete-certificate -Z "$(digest sha256 root)" "$keychain"
	expect 2 "$where: a value that there is not" add-trusted-cert ${domain:+"$domain"} -r trusted "$work/root.pem"
	expect 2 "$where: a policy that there is not" add-trusted-cert ${domain:+"$domain"} -r trustRoot -p https "$work/root.pem"
	expect 2 "$where: two certificates in one call" add-trusted-cert ${domain:+"$domain"} "$work/root.pem" "$work/inter.pem"
	expect 1 "$where: a root as what is none" add-trusted-cert ${domain:+"$domain"} -r trustAsRoot -p ssl "$work/root.pem"
	expect 1 "$where: what is no root as one" add-trusted-cert ${domain:+"$domain"} -r trustRoot -p ssl "$work/inter.pem"
	expect 1 "$where: no trust to remove" remove-trusted-cert ${domain:+"$domain"} "$work/root.pem"
	expect 1 "$where: the words for an error" error -60006
	says "$where: have the form that is read" '^Error: 0x[0-9A-F]* -60006 .'
}

in_domain() { # in_domain WHERE KEYCHAIN [-d]
	where=$1 keychain=$2 domain=${3:-}
	trap 'clean_up; rm -rf "$work"' EXIT
	facts
	round_trip root trustRoot
	round_trip inter trustAsRoot
}

make_ca || { echo "openssl made no CA; nothing was changed." >&2; exit 1; }
printf '%s\n' "$(sw_vers 2>/dev/null | tr '\n\t' '  ')"
in_domain "your domain" "$login"
if [ -n "$admin" ]; then
	clean_up
	as=(sudo)
	in_domain "administrator's domain" "$system" -d
fi
printf '%s as expected, %s not, %s could not be tried\n' "$passed" "$failed" "$untried"
[ "$failed" = 0 ] || exit 1
[ "$untried" = 0 ] || exit 3
