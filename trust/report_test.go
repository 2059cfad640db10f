package trust_test

import (
	"testing"

	"mooring.dev/mooring/trust"
)

// An engine's word against the verdict on the same engine's pulls is told as a
// contradiction, never as a proof.
func TestContradicts(t *testing.T) {
	const sock = "unix:///run/docker.sock"
	verdict := func(instance string, op trust.Operation, s trust.State) trust.Verdict {
		return trust.Verdict{State: s, Consumer: trust.Consumer{Party: trust.Docker, Instance: instance, Operation: op}}
	}
	pull := func(s trust.State) trust.Verdict { return verdict(sock, trust.OpPull, s) }
	at := func(role trust.Role, vs ...trust.Verdict) trust.EndpointReport {
		return trust.EndpointReport{Endpoint: trust.Endpoint{Role: role}, Verdicts: vs}
	}
	says := func(s trust.State) trust.EngineWord {
		return trust.EngineWord{Party: trust.Docker, Instance: sock, State: s}
	}
	remote := says(trust.Trusted)
	remote.Remote = true
	for name, c := range map[string]struct {
		word trust.EngineWord
		ends []trust.EndpointReport
		want bool
	}{
		"trusts what is refused":      {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Refused))}, true},
		"trusts what is not checked":  {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Insecure))}, true},
		"refuses what is trusted":     {says(trust.Refused), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Trusted))}, true},
		"both trust":                  {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Trusted))}, false},
		"both refuse":                 {says(trust.Refused), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Refused))}, false},
		"not known here":              {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Unknown))}, false},
		"knows nothing":               {says(trust.Unknown), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Refused))}, false},
		"another machine":             {remote, []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Refused))}, false},
		"another daemon":              {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, verdict("tcp://b", trust.OpPull, trust.Refused))}, false},
		"a login is no pull":          {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, verdict(sock, trust.OpLogin, trust.Refused))}, false},
		"one of two loaders":          {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Refused), pull(trust.Trusted))}, false},
		"never came to the token":     {says(trust.Trusted), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Trusted)), at(trust.RoleToken, pull(trust.Refused))}, false},
		"refuses for the token":       {says(trust.Refused), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Trusted)), at(trust.RoleToken, pull(trust.Refused))}, false},
		"a mirror's fault is no word": {says(trust.Refused), []trust.EndpointReport{at(trust.RoleRegistry, pull(trust.Trusted)), at(trust.RoleMirror, pull(trust.Refused))}, true},
	} {
		if got := (trust.Report{Endpoints: c.ends}).Contradicts(c.word); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
