package platform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
)

// Watcher returns a watcher of this machine with the person's settings, which goes
// on from what was told before. c brings what is to be done with what it sees.
func (m *Machine) Watcher(c watch.Config) *watch.Watcher {
	files := watch.FilesOf(m.World)
	settings, err := files.Settings()
	if err != nil && c.Log != nil {
		c.Log(err)
	}
	publish := c.Publish
	c.Looker, c.Settings, c.Now = looker{m}, settings, m.World.Now
	c.Memory, c.Save = files.Memory(), files.SaveMemory
	c.Publish = func(s watch.Status) {
		if err := files.SaveStatus(s); err != nil && c.Log != nil {
			c.Log(err)
		}
		if publish != nil {
			publish(s)
		}
	}
	return watch.New(c)
}

// looker is a machine as the watcher looks at it.
type looker struct{ m *Machine }

// watchJobs bounds how many registries are looked at at once: nobody waits.
const watchJobs = 8

// Watched implements [watch.Looker].
func (l looker) Watched(ctx context.Context) ([]trust.Registry, error) {
	known, err := l.m.Registries(ctx, ListOptions{})
	out := make([]trust.Registry, len(known))
	for i, k := range known {
		out[i] = k.Registry
	}
	return out, err
}

// Look implements [watch.Looker].
func (l looker) Look(ctx context.Context, regs []trust.Registry, each func(watch.Sight)) error {
	kept := l.kept(ctx)
	return l.m.check(ctx, regs, CheckOptions{Jobs: watchJobs}, func(r trust.Report, policies [][]trust.Policy) {
		s := sightOf(r)
		s.Ends = append(s.Ends, clientEnds(r, policies)...)
		s.Ends = append(s.Ends, kept[r.Registry]...)
		each(s)
	})
}

func sightOf(r trust.Report) watch.Sight {
	s := watch.Sight{Registry: r.Registry, At: r.At, State: r.Verdict()}
	s.Reason = r.ReasonFor(s.State)
	for i, ep := range r.Endpoints {
		if leaf := ep.Leaf(); i == 0 && leaf != nil && ep.Reachable() {
			s.Issuer = trust.SeenOf(leaf, r.At)
		}
	}
	for _, f := range r.Findings {
		s.IssuerChanged = s.IssuerChanged || f.Code == trust.IssuerChanged
	}
	if e, ok := serverEnd(r); ok {
		s.Ends = append(s.Ends, e)
	}
	return s
}

// serverEnd is the end of the first of the certificates that the servers present.
func serverEnd(r trust.Report) (first watch.End, ok bool) {
	for _, ep := range r.Endpoints {
		if !ep.Reachable() {
			continue
		}
		for _, c := range ep.Sent {
			if !ok || c.NotAfter.Before(first.At) {
				first = watch.End{
					Kind: watch.EndServer, ID: trust.FingerprintOf(c).String(),
					At: c.NotAfter, Life: c.NotAfter.Sub(c.NotBefore),
				}
				ok = true
			}
		}
	}
	return first, ok
}

// clientEnds are the ends of the client certificates that the parties in scope
// have for a registry, each certificate once.
func clientEnds(r trust.Report, policies [][]trust.Policy) []watch.End {
	var out []watch.End
	seen := map[trust.Fingerprint]bool{}
	for _, ps := range policies {
		for _, p := range ps {
			for _, pair := range p.ClientPairs {
				if pair.Cert == nil || !r.InScope(p.Consumer.Party) || seen[trust.FingerprintOf(pair.Cert)] {
					continue
				}
				c, fp := pair.Cert, trust.FingerprintOf(pair.Cert)
				seen[fp] = true
				out = append(out, watch.End{Kind: watch.EndClient, ID: fp.String(), At: c.NotAfter, Life: c.NotAfter.Sub(c.NotBefore)})
			}
		}
	}
	return out
}

// kept are the ends of the sign-ins that are known to end. That the accounts
// cannot be listed is told where somebody asks for them.
func (l looker) kept(ctx context.Context) map[trust.Registry][]watch.End {
	accounts, _ := l.m.Accounts(ctx)
	out := map[trust.Registry][]watch.End{}
	for _, a := range accounts {
		for _, k := range a.Kept {
			if !k.Expires.IsZero() {
				out[a.Registry] = append(out[a.Registry], signInEnd(k))
			}
		}
	}
	return out
}

func signInEnd(k Kept) watch.End {
	var life time.Duration
	if !k.At.IsZero() {
		life = k.Expires.Sub(k.At)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %d", k.In, k.Helper, k.Path, k.User, k.Expires.Unix()))
	return watch.End{Kind: watch.EndSignIn, ID: "sign-in:" + hex.EncodeToString(sum[:8]), At: k.Expires, Life: life}
}
