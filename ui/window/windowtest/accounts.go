package windowtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// accounts are the sign-ins of the machine in memory: who may sign in where, and
// what is kept of it. The password is compared and forgotten.
type accounts struct {
	// Methods is how each registry wants to be signed in to; Basic if it is not named.
	Methods map[string]signin.Method
	// Users are the passwords that registries accept, by "registry user".
	Users map[string]string
	// SignInError, if set, is what every attempt fails with.
	SignInError error
	// KeyringError is how the keyring stands.
	KeyringError error
	// PlanError, if set, is what planning a change of sign-ins fails with.
	PlanError error

	kept map[string][]platform.Kept
}

// Account puts what is kept for a registry on the machine.
func (s *Service) Account(registry string, kept ...platform.Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[string][]platform.Kept{}
	}
	s.kept[registry] = kept
}

// Accounts implements platform.SignIns.
func (s *Service) Accounts(ctx context.Context) ([]platform.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []platform.Account
	for _, k := range s.known {
		if kept := s.kept[k.Registry.String()]; len(kept) > 0 {
			out = append(out, platform.Account{Registry: k.Registry, Kept: slices.Clone(kept)})
		}
	}
	return out, ctx.Err()
}

// SignInMethod implements platform.SignIns.
func (s *Service) SignInMethod(ctx context.Context, r trust.Registry) (signin.Method, error) {
	s.called("method %s", r)
	if err := s.pass(ctx); err != nil {
		return signin.Method{}, err
	}
	if err := s.verified(r); err != nil {
		return signin.Method{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.Methods[r.String()]; ok {
		return m, nil
	}
	return signin.Method{Scheme: signin.Basic, Product: signin.Distribution, Realm: "lab"}, nil
}

// verified refuses a registry whose servers no tool here trusts.
func (s *Service) verified(r trust.Registry) error {
	report, ok := s.report(r, false)
	switch {
	case !ok || report.Verdict() == trust.Unreachable:
		return &signin.Refusal{Why: signin.NoConnection, Endpoint: r.Address(), Role: trust.RoleRegistry, Text: "dial tcp: i/o timeout"}
	case report.Verdict() != trust.Trusted:
		return &signin.Refusal{Why: signin.Unverified, Endpoint: r.Address(), Role: trust.RoleRegistry, Text: "x509: certificate signed by unknown authority"}
	}
	return nil
}

// SignIn implements platform.SignIns.
func (s *Service) SignIn(ctx context.Context, q platform.SignInRequest) (signin.Outcome, error) {
	s.called("sign in %s as %s session=%v", q.Registry, q.Credential.User, q.Session)
	if err := s.pass(ctx); err != nil {
		return signin.Outcome{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.SignInError != nil {
		return signin.Outcome{}, s.SignInError
	}
	id := q.Registry.String()
	if want, ok := s.Users[id+" "+q.Credential.User]; !ok || want != q.Credential.Secret.Reveal() {
		return signin.Outcome{}, &signin.Refusal{
			Why: signin.WrongPassword, Endpoint: q.Registry.Address(), Role: trust.RoleRegistry, Status: 401, Text: "authentication required",
		}
	}
	if !q.Session && s.KeyringError != nil {
		return signin.Outcome{}, s.KeyringError
	}
	k := platform.Kept{In: platform.KeptKeyring, User: q.Credential.User, At: s.now()}
	if q.Session {
		k.In = platform.KeptSession
	}
	m := s.Methods[id]
	if m.Product == signin.ECR {
		k.Expires = s.now().Add(12 * time.Hour)
	}
	s.keep(id, k)
	return signin.Outcome{Method: m, Keep: trust.Credential{User: k.User}, Expires: k.Expires}, nil
}

// keep puts Mooring's own sign-in first, in the place of an earlier one.
func (s *Service) keep(id string, k platform.Kept) {
	if s.kept == nil {
		s.kept = map[string][]platform.Kept{}
	}
	rest := slices.DeleteFunc(s.kept[id], func(k platform.Kept) bool {
		return k.In == platform.KeptKeyring || k.In == platform.KeptSession
	})
	s.kept[id] = append([]platform.Kept{k}, rest...)
}

// SignOut implements platform.SignIns.
func (s *Service) SignOut(ctx context.Context, r trust.Registry) error {
	s.called("sign out %s", r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[r.String()] = slices.DeleteFunc(s.kept[r.String()], func(k platform.Kept) bool {
		return k.In == platform.KeptKeyring || k.In == platform.KeptSession
	})
	return ctx.Err()
}

// Keyring implements platform.SignIns.
func (s *Service) Keyring(ctx context.Context) error {
	s.called("keyring")
	if s.KeyringError != nil {
		return s.KeyringError
	}
	return ctx.Err()
}

// The actions of plans that change how tools sign in.
const (
	actionUse  = "use"
	actionStop = "unuse"
	actionMove = "move"
)

// toolFiles are where each tool is told who keeps its passwords.
var toolFiles = map[trust.Party]string{
	trust.Docker: "/home/alice/.docker/config.json",
	trust.Podman: "/home/alice/.config/containers/auth.json",
}

// PlanUse implements platform.SignIns.
func (s *Service) PlanUse(_ context.Context, r trust.Registry, tools []trust.Party, on bool) (trust.Plan, error) {
	s.called("plan use %s %v %v", r, tools, on)
	action := actionUse
	if !on {
		action = actionStop
	}
	p := trust.Plan{Schema: trust.PlanSchema, Action: action, Reach: trust.ReachRegistry, Registries: []string{r.String()}}
	for _, tool := range tools {
		edit := trust.SetValue("mooring", "credHelpers", r.String())
		if !on {
			was := "mooring"
			edit = trust.RemoveValue("credHelpers", r.String())
			edit.Was = &was
		}
		p.Changes = append(p.Changes, trust.Change{
			Kind: trust.EditFile, Path: toolFiles[tool], Status: trust.StatusEdited, Edits: []trust.Edit{edit}, Parties: []trust.Party{tool},
		})
	}
	return p, s.PlanError
}

// PlanMove implements platform.SignIns.
func (s *Service) PlanMove(ctx context.Context, r trust.Registry) (trust.Plan, error) {
	if s.KeyringError != nil {
		return trust.Plan{}, s.KeyringError
	}
	p, err := s.PlanUse(ctx, r, []trust.Party{trust.Docker}, true)
	p.Action = actionMove
	gone := trust.RemoveValue("auths", r.String(), "auth")
	gone.Secret = true
	p.Changes[0].Edits = append(p.Changes[0].Edits, gone)
	keep := trust.Change{
		Kind: trust.KeepSecret, Path: toolFiles[trust.Docker], Registry: r.String(), Key: gone.Key, Status: trust.StatusNew,
	}
	p.Changes = append([]trust.Change{keep}, p.Changes...)
	return p, err
}

// PlanUnregister implements platform.SignIns.
func (s *Service) PlanUnregister(context.Context) (trust.Plan, error) {
	return trust.Plan{Schema: trust.PlanSchema, Action: actionStop}, s.PlanError
}

// applySignIn does what a plan of this file says.
func (s *Service) applySignIn(p trust.Plan) {
	for _, id := range p.Registries {
		for i := range s.kept[id] {
			k := &s.kept[id][i]
			switch {
			case p.Action == actionMove && k.In == platform.KeptFile:
				k.In, k.Path, k.At = platform.KeptKeyring, "", s.now()
			case k.In != platform.KeptKeyring:
			case p.Action == actionUse:
				k.Readers = append(k.Readers, parties(p)...)
			case p.Action == actionStop:
				k.Readers = slices.DeleteFunc(k.Readers, func(q trust.Party) bool { return slices.Contains(parties(p), q) })
			}
		}
	}
}

func parties(p trust.Plan) []trust.Party {
	var out []trust.Party
	for _, c := range p.Changes {
		out = append(out, c.Parties...)
	}
	return out
}

// Holds reports whether text is anywhere in what was asked of the machine, for
// assertions on secrets.
func (s *Service) Holds(text string) bool {
	return strings.Contains(strings.Join(s.Calls(), "\n"), text)
}
