package credhelper

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
)

// tokenUser marks an identity token (docker/cli cli/config/credentials
// native_store.go).
const tokenUser = "<token>"

// helper implements the protocol's interface.
type helper struct{ Helper }

var _ protocol.Helper = helper{}

// Add keeps a sign-in that docker or podman has just proved.
func (h helper) Add(c *protocol.Credentials) error {
	r, ok := registryOf(c.ServerURL)
	if !ok {
		return refusal(fmt.Sprintf("%q is not the name of a registry, so no sign-in is kept for it", clip(c.ServerURL)))
	}
	if c.Secret == "" {
		return refusal("there is no password to keep")
	}
	got := trust.Credential{User: c.Username, Secret: trust.NewSecret(c.Secret)}
	if c.Username == tokenUser {
		got.User, got.Token = "", true
	}
	return h.Kept.Keep(h.Context, r, got, time.Time{})
}

// Delete forgets a sign-in. Nothing kept is no error: podman takes one for a
// failure to sign out.
func (h helper) Delete(serverURL string) error {
	r, ok := registryOf(serverURL)
	if !ok {
		return nil
	}
	return h.Kept.Forget(h.Context, r)
}

// Get hands out a sign-in. Of one that is noted the tools' rules are looked at
// first, so that nobody is asked to unlock a keyring in vain; one that is not
// noted may be there all the same.
func (h helper) Get(serverURL string) (user, secret string, err error) {
	r, ok := registryOf(serverURL)
	if !ok {
		return "", "", protocol.NewErrCredentialsNotFound()
	}
	_, noted := h.Kept.Noted(r)
	if noted {
		if err := h.verified(r); err != nil {
			return "", "", err
		}
	}
	c, ok, err := h.Kept.Get(h.Context, r)
	switch {
	case err != nil:
		return "", "", err
	case !ok:
		return "", "", protocol.NewErrCredentialsNotFound()
	}
	if !noted {
		if err := h.verified(r); err != nil {
			return "", "", err
		}
	}
	if c.Token {
		c.User = tokenUser
	}
	return c.User, c.Secret.Reveal(), nil
}

// List lists the users of the sign-ins that are noted.
func (h helper) List() (map[string]string, error) {
	all, err := h.Kept.State.SignIns()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range all {
		user := s.User
		if s.Token {
			user = tokenUser
		}
		out[urlOf(s.Registry)] = user
	}
	return out, nil
}

// verified refuses a registry that a tool of this machine does not verify.
func (h helper) verified(r trust.Registry) error {
	u, found := consumers.FindUnverified(h.Context, h.World, r, h.Resolve)
	if !found {
		return nil
	}
	return refusal(fmt.Sprintf("the sign-in for %s is not handed out: %s", r, whyNot(r, u)))
}

// whyNot says by which rule a registry is not verified, and where that is written.
func whyNot(r trust.Registry, u consumers.Unverified) string {
	daemon := strings.Contains(u.Origin, "://")
	switch {
	case u.Unknown && daemon:
		return fmt.Sprintf("whether %s verifies who answers there cannot be known, as the daemon at %s does not answer", u.Party, u.Origin)
	case u.Unknown:
		return fmt.Sprintf("whether %s verifies who answers there cannot be known, as %s cannot be used; mend it, or let yourself read it", u.Party, u.Origin)
	}
	origin := "because of " + u.Origin
	if said := rules[u.Origin]; said != "" {
		origin = said
	} else if daemon {
		origin = "as the daemon at " + u.Origin + " says"
	}
	if u.Range.IsValid() {
		return fmt.Sprintf("%s does not verify who answers at %s, %s, and whoever answers for the name %s can choose such an address", u.Party, u.Range, origin, r.Host())
	}
	return fmt.Sprintf("%s does not verify who answers there, %s", u.Party, origin)
}

// rules says what is in no file.
var rules = map[string]string{
	"loopback":            `as it is an address of this computer ("insecure-registries": [] in daemon.json changes that from Docker 29.10 on)`,
	"localhost":           "as it is an address of this computer",
	"--insecure-registry": "because the daemon was started with --insecure-registry",
}

// registryOf is the registry that a server URL names: its name as image references
// write it, and for Docker Hub docker's own address for it. Nothing else is made
// to fit: another spelling is another registry, or none.
func registryOf(serverURL string) (r trust.Registry, ok bool) {
	if serverURL == credentials.HubKey {
		serverURL = hub
	}
	err := r.UnmarshalText([]byte(serverURL))
	return r, err == nil && !r.IsZero()
}

const hub = "docker.io"

// urlOf is what docker calls a registry.
func urlOf(r trust.Registry) string {
	if r.IsHub() {
		return credentials.HubKey
	}
	return r.String()
}

// refusal is a sentence of our own, which holds no secret.
type refusal string

func (r refusal) Error() string { return string(r) }

// said is an error as docker shows it: the protocol's own strings as they are, all
// others in a sentence. What its library says of a request that it cannot read
// could quote it.
func said(err error) string {
	var ring *keyring.Error
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case inProtocol(err):
		return err.Error()
	case errors.As(err, &ring):
		return "mooring: " + ringWords[ring.State]
	case errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, bufio.ErrTooLong),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "mooring: the request cannot be read"
	}
	return "mooring: " + strings.Join(strings.Fields(err.Error()), " ")
}

// inProtocol reports whether err is one of those that docker itself understands.
func inProtocol(err error) bool {
	return protocol.IsErrCredentialsNotFound(err) || protocol.IsCredentialsMissingServerURL(err) || protocol.IsCredentialsMissingUsername(err)
}

// ringWords say how the keyring stands, and what to do, in the one line that docker
// shows.
var ringWords = map[keyring.State]string{
	keyring.NoBus:       "the keyring cannot be reached from this session; use your desktop session, without ssh or sudo",
	keyring.NoService:   "this session has no keyring; start GNOME Keyring, KWallet or KeePassXC and create a default keyring in it",
	keyring.Locked:      "the keyring is locked and nobody here could be asked for its password; unlock it in your desktop session",
	keyring.Dismissed:   "the keyring stayed locked, because the window that asked for its password was closed",
	keyring.NotFound:    "the keyring does not hold this sign-in any more",
	keyring.TooBig:      "the keyring cannot hold a password or token as long as this",
	keyring.TimedOut:    "the keyring did not answer in time; it may be asking for its password in another window",
	keyring.Unsupported: "there is no keyring here that Mooring knows",
	keyring.Failed:      "the keyring reported an error",
}

func clip(s string) string { return s[:min(len(s), 100)] }
