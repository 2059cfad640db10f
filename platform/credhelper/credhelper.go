// Package credhelper is Mooring as a credential helper: the program that docker,
// podman and their relatives start when a configuration file of theirs says that a
// registry's sign-in is kept by "mooring".
//
//	docker-credential-mooring get     < reg.example:5000
//	docker-credential-mooring store   < {"ServerURL":…,"Username":…,"Secret":…}
//	docker-credential-mooring erase   < reg.example:5000
//	docker-credential-mooring list
//
// The protocol and its error strings are docker-credential-helpers': errors go to
// standard output, with exit status 1. They are English sentences, and never hold a
// secret. podman shows them; but docker pull and push pass over an error of get and
// go on without a sign-in (docker/cli cli/command/registry.go ResolveAuthConfig),
// and docker logout over one of erase. So those go to standard error as well, which
// all of them leave to the person.
//
// It hands out a sign-in for exactly the registry it was kept for, and not while a
// tool of this machine would send it to that registry unverified.
package credhelper

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/kept"
	"mooring.dev/mooring/platform/world"
)

// Name is the program's; docker knows it by what follows "docker-credential-".
const Name = "docker-credential-" + credentials.Own

// Is reports whether a program started as argv0 is the credential helper.
func Is(argv0 string) bool {
	base := argv0[strings.LastIndexAny(argv0, `/\`)+1:]
	return strings.TrimSuffix(strings.ToLower(base), ".exe") == Name
}

// maxInput bounds a request. Docker's own longest are tokens of some kilobytes.
const maxInput = 64 << 10

// The exit statuses of the protocol.
const (
	exitDone   = 0
	exitFailed = 1
)

// resolveLimit bounds the resolving of a registry's name. Docker is about to do the
// same, so it mostly is in a cache.
const resolveLimit = 500 * time.Millisecond

// Helper answers the requests.
type Helper struct {
	Context context.Context
	World   world.World
	Kept    kept.Keeper
	Resolve consumers.Resolver
	Version string
}

// newHelper returns the helper of w's user.
func newHelper(ctx context.Context, w world.World, version string) Helper {
	return Helper{Context: ctx, World: w, Kept: kept.New(w), Resolve: resolve, Version: version}
}

// Run is the program. It ends with whoever started it: a keyring may be asking the
// person for minutes, for a docker that is gone.
func Run(version string, args []string, in io.Reader, out, errw io.Writer) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go watchParent(ctx, cancel, os.Getppid)
	return newHelper(ctx, world.Here(), version).Main(args, in, out, errw)
}

// parentPoll is how often it is looked whether the parent is still there.
const parentPoll = 250 * time.Millisecond

// watchParent calls gone when another process takes the parent's place. Windows
// gives an orphan no new parent.
func watchParent(ctx context.Context, gone func(), parent func() int) {
	was := parent()
	tick := time.NewTicker(parentPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if parent() != was {
				gone()
				return
			}
		}
	}
}

func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveLimit)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Main carries out one request: args without the program's name. It returns the
// exit status.
func (h Helper) Main(args []string, in io.Reader, out, errw io.Writer) int {
	protocol.Name, protocol.Package, protocol.Version = Name, "mooring.dev/mooring", h.Version
	action := strings.Join(args, " ")
	switch action {
	case "--version", "-v":
		action = protocol.ActionVersion
	case protocol.ActionGet, protocol.ActionStore, protocol.ActionErase, protocol.ActionList, protocol.ActionVersion:
	default:
		fmt.Fprintf(out, "Usage: %s <store|get|erase|list|version>\n", Name)
		return exitFailed
	}
	err := protocol.HandleCommand(helper{h}, action, io.LimitReader(in, maxInput+1), out)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(out, said(err))
	if (action == protocol.ActionGet || action == protocol.ActionErase) && !inProtocol(err) {
		fmt.Fprintln(errw, said(err))
	}
	return exitFailed
}
