package nss

import (
	"context"
	"crypto/x509"
	"strings"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/certfile"
)

// certutil is where the program is, "" if it is not installed. Gentoo has given it a
// name of its own.
func certutil(w world.World) string {
	if w.OS != "linux" {
		return "" // on Windows another program has that name
	}
	for _, name := range []string{"certutil", "nsscertutil"} {
		if p, err := w.Run.Look(name); err == nil {
			return p
		}
	}
	return ""
}

// The command lines, of which only nickname and flags change. What is to be added is
// read from standard input; -f gives the password of the database, none.
func add(dir, name, flags string) []string {
	return []string{"certutil", "-A", "-a", "-d", "sql:" + dir, "-n", name, "-t", flags, "-f", "/dev/null"}
}

func remove(dir, name string) []string {
	return []string{"certutil", "-D", "-d", "sql:" + dir, "-n", name, "-f", "/dev/null"}
}

// add makes the database hold cert with these flags. A certificate that it has keeps
// its nickname.
func (d *database) add(ctx context.Context, cert *x509.Certificate, s settings) error {
	return d.run(ctx, add(d.dir, s.name, s.flags), certfile.Normalize(cert))
}

func (d *database) remove(ctx context.Context, at entry) error {
	switch {
	case at.shared:
		return change.Refuse(change.ErrNotTaken, d.dir, "several certificates there have the nickname %.80q, and certutil cannot tell them apart", at.name)
	case !nickname(at.name):
		return change.Refuse(change.ErrNotTaken, d.dir, "certutil cannot be given the nickname %.80q", at.name)
	}
	return d.run(ctx, remove(d.dir, at.name), nil)
}

// limit is how long certutil may take; it waits a second for a locked database.
const limit = 30 * time.Second

func (d *database) run(ctx context.Context, argv []string, stdin []byte) error {
	program := certutil(d.w)
	if program == "" {
		return change.Refuse(change.ErrCommandFailed, "certutil", "certutil is not installed; the package is libnss3-tools (Debian, Ubuntu), nss-tools (Fedora), nss (Arch) or mozilla-nss-tools (openSUSE)")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	argv[0] = program
	if stdin == nil {
		stdin = []byte{} // nothing, rather than what the session has
	}
	res, err := d.w.Run.Run(ctx, world.Command{
		Argv: argv, Stdin: stdin,
		Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=" + d.w.User.Home},
	})
	switch {
	case err != nil:
		return change.Refuse(change.ErrCommandFailed, "certutil", "certutil: %v", err)
	case res.Code == 0:
		return nil
	case strings.Contains(string(res.Stderr), "SEC_ERROR_BAD_PASSWORD"):
		return change.Refuse(change.ErrCommandFailed, "certutil", "the database in %s has a password; take the primary password away in the browser's settings, or add the certificate there", d.dir)
	}
	return change.Refuse(change.ErrCommandFailed, "certutil", "certutil: exit status %d: %s", res.Code, world.LastLine(string(res.Stderr)))
}
