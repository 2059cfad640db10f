package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	protocol "github.com/docker/docker-credential-helpers/credentials"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// helperLimit bounds a helper: it may ask the person for a passphrase.
const helperLimit = 2 * time.Minute

// maxSecret bounds what a helper may return.
const maxSecret = 64 << 10

// tokenUser marks an identity token in the helpers' protocol (docker/cli
// cli/config/credentials native_store.go).
const tokenUser = "<token>"

var helperName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// The reasons for which a place is not read.
var (
	errHelperName = errors.New("this is no name of a credential helper")
	errOwn        = errors.New("that is Mooring's own helper")
	errAnswer     = errors.New("the credential helper's answer cannot be read")
)

// Read returns the credential at a place; ok is false when there is none. Helpers
// are looked up on PATH, as docker and podman do it, and never through a shell.
// Mooring's own is not asked: what it holds is in the keyring.
func (t *Tools) Read(ctx context.Context, w world.World, p Place) (c trust.Credential, ok bool, err error) {
	if p.Helper != "" {
		return askHelper(ctx, w, p.Helper, p.Key)
	}
	for _, s := range t.sources {
		if s.path == p.Path {
			c, ok = s.texts[p.Key]
		}
	}
	return c, ok, nil
}

// IsOwn reports whether a helper of that name is Mooring's.
func IsOwn(helper string) bool {
	return strings.TrimSuffix(strings.ToLower(helper), ".exe") == Own
}

func askHelper(ctx context.Context, w world.World, helper, key string) (c trust.Credential, ok bool, err error) {
	switch {
	case w.Run == nil:
		return trust.Credential{}, false, nil // nothing is run from a tree
	case !helperName.MatchString(helper):
		return trust.Credential{}, false, errHelperName
	case IsOwn(helper):
		return trust.Credential{}, false, errOwn
	}
	name := "docker-credential-" + helper
	path, err := w.Run.Look(name)
	if err != nil {
		return trust.Credential{}, false, fmt.Errorf("%s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, helperLimit)
	defer cancel()
	var run *program
	got, err := client.Get(func(args ...string) client.Program {
		run = &program{ctx: ctx, w: w, argv: append([]string{path}, args...)}
		return run
	}, key)
	switch {
	case protocol.IsErrCredentialsNotFound(err):
		return trust.Credential{}, false, nil
	case ctx.Err() != nil:
		return trust.Credential{}, false, fmt.Errorf("%s: %w", name, ctx.Err())
	case err != nil && run.answered:
		return trust.Credential{}, false, fmt.Errorf("%s: %w", name, errAnswer) // JSON's own words may quote it
	case err != nil:
		return trust.Credential{}, false, fmt.Errorf("%s: %w", name, err)
	case got.Secret == "":
		return trust.Credential{}, false, nil
	}
	c = trust.Credential{User: got.Username, Secret: trust.NewSecret(got.Secret)}
	if got.Username == tokenUser {
		c.User, c.Token = "", true
	}
	return c, true, nil
}

// program runs a helper for docker's client of the protocol.
type program struct {
	ctx      context.Context
	w        world.World
	argv     []string
	stdin    []byte
	answered bool // it ended well
}

// Input implements client.Program.
func (p *program) Input(in io.Reader) { p.stdin, _ = io.ReadAll(in) } // of a string

// Output implements client.Program. What it returns beside an error ends up in that
// error's text, so it is no more than a helper's word of one line.
func (p *program) Output() ([]byte, error) {
	r, err := p.w.Run.Run(p.ctx, world.Command{Argv: p.argv, Stdin: p.stdin})
	switch {
	case err != nil:
		return nil, err
	case r.Code != 0:
		return word(r.Stdout), fmt.Errorf("exit status %d", r.Code)
	case len(r.Stdout) > maxSecret:
		return nil, errAnswer
	}
	p.answered = true
	return r.Stdout, nil
}

// maxWord bounds what of a helper's complaint is repeated.
const maxWord = 200

// word is the first line of a complaint. What looks like an answer is no complaint,
// and could hold a secret.
func word(out []byte) []byte {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if strings.Contains(line, "{") {
		return nil
	}
	return []byte(line[:min(len(line), maxWord)])
}
