package planner

import (
	"context"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/trust"
)

// Move plans to move a password that lies in plain text into the keyring: it is
// kept there first, then taken out of every file that has the same one, and those
// who read them are told to ask Mooring. The password itself is no part of the plan.
func (s SignIns) Move(ctx context.Context, r trust.Registry) (trust.Plan, error) {
	p := s.begin("move", r)
	var kept *trust.Credential
	var tools []trust.Party
	now := p.tools()
	for _, place := range now.Find(func(trust.Registry) bool { return true }) {
		if place.Registry != r || place.Helper != "" || !s.movable(place.Path) {
			continue
		}
		c, ok, err := now.Read(ctx, s.World, place)
		if err != nil || !ok || kept != nil && *kept != c {
			continue // another one stays, and is named below
		}
		f, err := p.open(place.Path)
		if err != nil {
			return trust.Plan{}, err
		}
		party := trust.Podman
		if place.Path == s.dockerFile() {
			party = trust.Docker
		}
		if kept == nil {
			kept = &c
			p.plan.Changes = append(p.plan.Changes, trust.Change{
				Kind: trust.KeepSecret, Path: f.at, Before: f.state, Status: trust.StatusNew,
				Registry: r.String(), Key: []string{"auths", place.Key}, Parties: place.Readers,
			})
		}
		edits, err := configfile.AuthFile{}.RemoveSecrets(f.after, place.Key)
		if err == nil {
			err = p.edit(f, party, edits...)
		}
		if err != nil {
			return trust.Plan{}, err
		}
		tools = append(append(tools, place.Readers...), party)
	}
	if kept == nil {
		return trust.Plan{}, ErrNoPassword
	}
	if err := p.use(r, tools); err != nil {
		return trust.Plan{}, err
	}
	p.passwordsStay(r)
	return p.finish()
}

// movable reports whether a file can be edited: ~/.dockercfg, of before docker 1.7,
// is of another form, and the variable no file.
func (s SignIns) movable(path string) bool {
	return path != credentials.Variable && path != s.World.Join(s.World.User.Home, ".dockercfg")
}
