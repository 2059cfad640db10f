package planner

import (
	"context"
	"fmt"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/trust"
)

// NotMovableError says that the one password in a file that could be meant is none with
// a tool signs in to the registry with.
type NotMovableError struct {
	Path, Key string
	Registry  trust.Registry
}

func (e *NotMovableError) Error() string {
	return fmt.Sprintf("%s: no tool signs in to %s with what lies under %q", e.Path, e.Registry, e.Key)
}

// Problem names the words of the error.
func (e *NotMovableError) Problem() (key string, args map[string]any) {
	return "signins-not-movable", map[string]any{"path": e.Path, "name": e.Key, "registry": e.Registry.String()}
}

// Move plans to move a password that lies in plain text into the keyring: it is
// kept there first, then taken out of every file that has the same one, and those
// who used it are told to ask Mooring. Who uses another one goes on doing so. The
// password itself is no part of the plan.
func (s SignIns) Move(ctx context.Context, r trust.Registry) (trust.Plan, error) {
	p := s.begin("move", r)
	var kept *trust.Credential
	var users []trust.Party
	now := p.tools()
	for _, place := range now.Movable(r) {
		c, ok, err := now.Read(ctx, s.World, place)
		if err != nil || !ok || kept != nil && *kept != c {
			continue // another one stays, and is named below
		}
		f, err := p.open(place.Path)
		if err != nil {
			return trust.Plan{}, err
		}
		if kept == nil {
			kept = &c
			p.plan.Changes = append(p.plan.Changes, trust.Change{
				Kind: trust.KeepSecret, Path: f.at, Before: f.state, Status: trust.StatusNew,
				Registry: r.String(), Key: []string{"auths", place.Key}, Parties: place.Readers,
			})
		}
		if err := p.takeSecret(f, place); err != nil {
			return trust.Plan{}, err
		}
		users = append(users, place.Readers...)
	}
	if kept == nil {
		if left := plain(now, r); len(left) > 0 {
			return trust.Plan{}, &NotMovableError{left[0].Path, left[0].Key, r}
		}
		return trust.Plan{}, ErrNoPassword
	}
	if err := p.use(r, users); err != nil {
		return trust.Plan{}, err
	}
	p.passwordsStay(r)
	return p.finish()
}

// takeSecret takes the secret at a place out of its file, and says where it stays.
func (p *signInPlan) takeSecret(f *edited, place credentials.Place) error {
	edits, err := configfile.AuthFile{}.RemoveSecrets(f.after, place.Key)
	if err != nil {
		return &FileError{f.name, err}
	}
	party := trust.Podman
	if f.name == p.dockerFile() {
		party = trust.Docker
	}
	if err := p.edit(f, party, edits...); err != nil {
		return err
	}
	if f.links > 1 {
		p.say(trust.Consequence{Code: trust.OtherNames, Path: f.name, Registry: place.Registry.String()})
	}
	if configfile.HasRegistryToken(f.after, place.Key) {
		p.say(trust.Consequence{Code: trust.TokenStays, Path: f.name, Registry: place.Registry.String()})
	}
	return nil
}
