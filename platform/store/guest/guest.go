// Package guest is the trust stores inside Linux machines that this machine runs:
// distributions of WSL, and podman's virtual machines. They are reached by
// `wsl.exe` and `podman machine ssh`; files and commands in them are fixed, but for
// names that are checked here.
//
// Only those that run are listed. To look into one that does not would start it.
package guest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

const (
	maxRun    = 2 * time.Minute // of one command inside: refreshing a store takes seconds
	maxList   = 15 * time.Second
	maxGuests = 16
	maxWord   = 300 // bytes of what a command says when it fails
)

// nameForm is what both programs accept as a name (podman pkg/machine/define
// NameRegex; WSL takes the same letters), and no shell or option parser reads
// as anything else. Like the others here it is compiled at its first use: the
// credential helper, started for each pull, has none.
var nameForm = pattern(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

// guest is one Linux inside.
type guest struct {
	w      world.World
	prefix []string // the command line in front of one that runs inside, as root
}

// run runs a command inside. A status above worst is an error with the command's last
// words.
func (g guest) run(ctx context.Context, stdin []byte, worst int, argv ...string) ([]byte, error) {
	if g.w.Run == nil {
		return nil, change.Refuse(change.ErrOutsideAllowList, g.prefix[0], "nothing is run from a tree")
	}
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	if stdin == nil {
		stdin = []byte{} // the session's own input is nothing for it
	}
	res, err := g.w.Run.Run(ctx, world.Command{Argv: append(append([]string{}, g.prefix...), argv...), Stdin: stdin})
	switch {
	case ctx.Err() != nil:
		return nil, change.Refuse(change.ErrCancelled, "", "")
	case err != nil:
		return nil, change.Refuse(change.ErrCommandFailed, "", "%s: %v", g.prefix[0], err)
	case res.Code < 0 || res.Code > worst:
		word := world.LastLine(decode(append(res.Stdout, res.Stderr...)))
		return nil, change.Refuse(change.ErrCommandFailed, "", "%s: exit status %d: %s", argv[0], res.Code, word[:min(len(word), maxWord)])
	}
	return res.Stdout, nil
}

// put makes a file inside with content, under its name only when it is whole.
func (g guest) put(ctx context.Context, name string, content []byte) error {
	if _, err := g.run(ctx, content, 0, "tee", name+unfinished); err != nil {
		return err
	}
	_, err := g.run(ctx, nil, 0, "mv", "-f", name+unfinished, name)
	return err
}

// unfinished is the ending of a file that is being written. No tool reads it.
const unfinished = ".mooring-new"

// shown is a command that runs inside as a person reads it.
func (g guest) shown(argv ...string) string {
	return strings.Join(append(append([]string{}, g.prefix...), argv...), " ")
}

// fileFor is the name of the file that Mooring makes for a certificate: of its
// fingerprint, and of nothing that the certificate says.
func fileFor(cert *x509.Certificate) string {
	return "mooring-" + trust.FingerprintOf(cert).Short() + ".crt"
}

// bare is the certificate as it is written.
func bare(cert *x509.Certificate) []byte { return certfile.Normalize(cert) }

// holds reports whether PEM data has exactly this certificate among its blocks.
func holds(data []byte, cert *x509.Certificate) bool {
	for len(data) > 0 {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return false
		}
		if b.Type == "CERTIFICATE" && bytes.Equal(b.Bytes, cert.Raw) {
			return true
		}
	}
	return false
}

// alone reports whether PEM data is this one certificate, and nothing else that a
// loader reads.
func alone(data []byte, cert *x509.Certificate) bool {
	b, rest := pem.Decode(data)
	more, _ := pem.Decode(rest)
	return b != nil && more == nil && b.Type == "CERTIFICATE" && bytes.Equal(b.Bytes, cert.Raw)
}
