package planner

import (
	"maps"
	"slices"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// Use plans that tools ask Mooring for the sign-in to a registry, or with on false
// that they do not any more.
func (s SignIns) Use(r trust.Registry, tools []trust.Party, on bool) (trust.Plan, error) {
	if !on {
		return s.leave(r, tools)
	}
	p := s.begin("use", r)
	if err := p.use(r, tools); err != nil {
		return trust.Plan{}, err
	}
	if !s.Kept(r) {
		p.say(trust.Consequence{Code: trust.NothingKept, Registry: r.String()})
	}
	p.passwordsStay(r)
	return p.finish()
}

func (p *signInPlan) use(r trust.Registry, tools []trust.Party) error {
	if !p.Look(helperProgram) {
		return &HelperMissingError{helperProgram}
	}
	if slices.Contains(tools, trust.Docker) {
		if err := p.useDocker(r); err != nil {
			return err
		}
	}
	if slices.Contains(tools, trust.Podman) {
		return p.usePodman(r)
	}
	return nil
}

// useDocker names Mooring in docker's file for one registry.
//
// Once that file names any helper, docker does not pick a store by itself any more
// (docker/cli configfile.ContainsAuth, config.LoadDefaultConfigFile), and the next
// login elsewhere would lie in plain text. So the store that docker would have
// picked is written beside it, unless passwords for others lie in the file already:
// docker would not look at those then.
func (p *signInPlan) useDocker(r trust.Registry) error {
	f, err := p.open(p.dockerFile())
	if err != nil {
		return err
	}
	f.read(trust.Docker)
	if !p.asks(trust.Docker, r) {
		if err := p.edit(f, trust.Docker, trust.SetValue(credentials.Own, "credHelpers", credentials.DockerKey(r))); err != nil {
			return err
		}
	}
	c, err := configfile.ReadDockerConfig(f.after)
	if err != nil {
		return &FileError{f.name, err}
	}
	if c.CredsStore == "" {
		store := p.DefaultStore()
		others := slices.ContainsFunc(c.Auths, func(a configfile.Auth) bool { return a.Plaintext && !credentials.Names(a.Key, r) })
		if store == "" || others {
			p.say(trust.Consequence{Code: trust.PlaintextStays, Path: f.name})
		} else {
			if err := p.edit(f, trust.Docker, trust.SetValue(store, "credsStore")); err != nil {
				return err
			}
			p.say(trust.Consequence{Code: trust.StoreKept, Path: f.name, Name: store})
		}
	}
	if !p.asks(trust.Docker, r) {
		p.say(trust.Consequence{Code: trust.VariableWins, Path: credentials.Variable, Registry: r.String()})
	}
	return nil
}

// isOf reports whether an entry's key names r, in docker's ways.
func isOf(key string, r trust.Registry) bool {
	of, ok := discover.RegistryOf(key)
	return ok && of == r
}

// usePodman names Mooring in podman's file, unless docker's, which podman reads
// last, serves it. podman goes through its files in order, and what an earlier one
// says of the registry wins (containers/image pkg/docker/config
// getCredentialsWithHomeDir, findCredentialsInFile).
func (p *signInPlan) usePodman(r trust.Registry) error {
	if p.asks(trust.Podman, r) && p.uses(trust.Podman, r).Path == p.dockerFile() {
		p.say(trust.Consequence{Code: trust.DockerServes, Path: p.dockerFile()})
	} else {
		f, err := p.open(p.podmanFile())
		if err != nil {
			return err
		}
		f.read(trust.Podman)
		if !p.asks(trust.Podman, r) {
			if err := p.edit(f, trust.Podman, trust.SetValue(credentials.Own, "credHelpers", r.String())); err != nil {
				return err
			}
		}
		if !p.asks(trust.Podman, r) {
			p.say(trust.Consequence{Code: trust.EarlierFile, Path: p.uses(trust.Podman, r).Path, Registry: r.String()})
		}
	}
	if first := credentials.AuthPaths(p.World)[0]; first != p.podmanFile() {
		p.say(trust.Consequence{Code: trust.PodmanLogin, Path: first, Registry: r.String()})
	}
	return nil
}

// uses is where a tool looks first for the credential once the plan is carried out.
func (p *signInPlan) uses(party trust.Party, r trust.Registry) credentials.Place {
	if all := p.tools().Uses(party, r); len(all) > 0 {
		return all[0]
	}
	return credentials.Place{}
}

// asks reports whether a tool asks Mooring once the plan is carried out.
func (p *signInPlan) asks(party trust.Party, r trust.Registry) bool {
	return credentials.IsOwn(p.uses(party, r).Helper)
}

// passwordsStay says which files go on holding a password for r.
func (p *signInPlan) passwordsStay(r trust.Registry) {
	tools := p.tools()
	movable := tools.Movable(r)
	for _, place := range plain(tools, r) {
		c := trust.Consequence{Code: trust.PasswordStays, Path: place.Path, Registry: r.String()}
		if !slices.ContainsFunc(movable, place.Same) {
			c.Code, c.Name = trust.NotMovable, place.Key
		}
		p.say(c)
	}
}

// plain lists what lies in files under a name of r, whoever uses it.
func plain(tools *credentials.Tools, r trust.Registry) []credentials.Place {
	return slices.DeleteFunc(tools.Find(func(trust.Registry) bool { return true }), func(p credentials.Place) bool {
		return p.Registry != r || p.Helper != "" || p.Path == credentials.Variable
	})
}

// leave plans that tools do not ask Mooring any more.
func (s SignIns) leave(r trust.Registry, tools []trust.Party) (trust.Plan, error) {
	p := s.begin("unuse", r)
	for _, party := range tools {
		names := []string{s.dockerFile()}
		if party == trust.Podman {
			names = credentials.AuthPaths(s.World)
		}
		for _, name := range names {
			if err := p.takeOut(name, party, func(key string) bool { return isOf(key, r) }); err != nil {
				return trust.Plan{}, err
			}
		}
	}
	if slices.Contains(tools, trust.Podman) && p.asks(trust.Podman, r) {
		p.say(trust.Consequence{Code: trust.DockerServes, Path: p.uses(trust.Podman, r).Path})
	}
	return p.finish()
}

// takeOut removes the entries of a file that name Mooring for the keys that which
// picks.
func (p *signInPlan) takeOut(name string, party trust.Party, which func(key string) bool) error {
	f, err := p.open(name)
	if err != nil {
		return err
	}
	c, err := configfile.ReadDockerConfig(f.after)
	if err != nil {
		return &FileError{f.name, err}
	}
	for _, key := range sortedKeys(c.CredHelpers) {
		if !credentials.IsOwn(c.CredHelpers[key]) || !which(key) {
			continue
		}
		if err := p.edit(f, party, trust.Edit{Key: []string{"credHelpers", key}, Prune: 1}); err != nil {
			return err
		}
	}
	return nil
}

// Unregister plans to take Mooring out of every file of the person's that names it.
// A file that cannot be read is passed over: then no tool reads it either.
func (s SignIns) Unregister() (trust.Plan, error) {
	p := s.begin("unregister")
	docker := slices.Compact([]string{s.dockerFile(), s.World.Join(s.World.User.Home, ".docker", "config.json")})
	for i, name := range append(docker, credentials.AuthPaths(s.World)...) {
		party := trust.Podman
		if i < len(docker) {
			party = trust.Docker
		}
		f, err := p.open(name)
		if err != nil {
			continue
		}
		if err := p.takeOut(name, party, func(string) bool { return true }); err != nil {
			return trust.Plan{}, err
		}
		if c, err := configfile.ReadDockerConfig(f.after); err == nil && credentials.IsOwn(c.CredsStore) {
			if err := p.edit(f, party, trust.RemoveValue("credsStore")); err != nil {
				return trust.Plan{}, err
			}
		}
	}
	for _, f := range p.files {
		for _, e := range f.edits {
			r, ok := discover.RegistryOf(e.Key[len(e.Key)-1])
			if ok && len(e.Key) == 2 && !slices.Contains(p.plan.Registries, r.String()) {
				p.plan.Registries = append(p.plan.Registries, r.String())
			}
		}
	}
	return p.finish()
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
