package windowtest

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/diagnose"
)

// Host is a registry's server, and what this machine holds for it.
type Host struct {
	Sent      []*x509.Certificate
	PlainHTTP bool
	Failure   trust.Code // the host is not reached, for this reason
	Insecure  bool       // in Docker's and Podman's lists of insecure registries
	Token     *Host      // the token server, nil for none
	Hidden    bool
	Remote    bool // docker's daemon is another machine
	// Challenge is what the registry answers to nobody; of Basic if it is empty.
	Challenge trust.Challenge

	Registry []*x509.Certificate // anchors in this registry's certs.d directories
	System   []*x509.Certificate // anchors in the store of the operating system
	// ClientAuth is what the server wants of client certificates.
	ClientAuth trust.ClientAuth
	// Stale: the docker daemon started before System was filled.
	Stale bool

	registry trust.Registry
	pairs    []trust.ClientPair // that the engines show
}

// consumer is one relying party as this machine has it.
type consumer struct {
	trust.Consumer
	dir string // its certs.d, "" for none
}

// consumers are the tools of a developer's machine; containerd is a forecast.
func (h *Host) consumers() []consumer {
	return []consumer{
		{trust.Consumer{Party: trust.Docker, Instance: "unix:///run/docker.sock", Operation: trust.OpPull, Installed: true, Version: "29.5.1", Loader: "containerd", Remote: h.Remote}, "/etc/docker/certs.d/"},
		{trust.Consumer{Party: trust.Docker, Instance: "unix:///run/docker.sock", Operation: trust.OpLogin, Installed: true, Version: "29.5.1", Loader: "classic", Remote: h.Remote}, "/etc/docker/certs.d/"},
		{trust.Consumer{Party: trust.Podman, Instance: "user alice", Operation: trust.OpPull, Installed: true, Version: "5.3.1"}, "/etc/containers/certs.d/"},
		{trust.Consumer{Party: trust.System, Instance: "curl", Operation: trust.OpConnect, Installed: true}, ""},
		{trust.Consumer{Party: trust.Containerd, Instance: "containerd", Operation: trust.OpPull}, "/etc/containerd/certs.d/"},
	}
}

func (c consumer) policy(h *Host) trust.Policy {
	p := trust.Policy{Consumer: c.Consumer, Dialect: trust.DialectGo, System: store(h.System)}
	if c.Party == trust.System {
		p.Dialect = trust.DialectOpenSSL
		p.Looked = []trust.Look{{Path: "/etc/ssl/certs/ca-certificates.crt", Found: true}}
		return p
	}
	p.ClientPairs = h.pairs
	dir := c.dir + h.registry.String()
	p.Looked = []trust.Look{{Path: dir, Found: len(h.Registry) > 0}}
	if len(h.Registry) > 0 {
		p.Looked = append(p.Looked, trust.Look{Path: dir + "/ca.crt", Found: true})
	}
	for _, a := range h.Registry {
		p.Anchors = append(p.Anchors, trust.Anchor{Cert: a, Source: trust.FileSource(dir + "/ca.crt")})
	}
	p.Looked = append(p.Looked, trust.Look{Path: "/etc/ssl/certs/ca-certificates.crt", Found: true})
	if h.Stale && c.Party == trust.Docker {
		p.SystemLoaded = time.Unix(1, 0)
		p.Restart, p.RestartCommand, p.Engine = DockerRestart.Name, DockerRestart.Command, DockerRestart.Engine
	}
	if h.Insecure {
		p.SkipVerify, p.PlainHTTP = "/etc/docker/daemon.json", true
	}
	return p
}

func store(certs []*x509.Certificate) *trust.AnchorSet {
	var out []trust.Anchor
	for _, c := range certs {
		out = append(out, trust.Anchor{Cert: c, Source: "store:/etc/ssl/certs/ca-certificates.crt", Since: time.Unix(1_700_000_000, 0)})
	}
	return trust.NewAnchorSet(out)
}

func (h *Host) endpoint(role trust.Role) trust.Endpoint {
	ep := trust.Endpoint{
		Role: role, Host: h.registry.ServerName(), Address: h.registry.Address(), IP: netip.MustParseAddr("10.77.0.5"),
		Elapsed: 41 * time.Millisecond, PlainHTTP: h.PlainHTTP,
	}
	switch {
	case h.Failure != "":
		ep.IP = netip.Addr{}
		ep.Failure = &trust.Failure{Code: h.Failure, Text: "dial tcp " + h.registry.Address() + ": i/o timeout"}
	case h.PlainHTTP:
		ep.Failure = &trust.Failure{Code: trust.PlainHTTP, Text: "http: server gave HTTP response to HTTPS client"}
		ep.HTTP = &trust.HTTP{Status: 200, Registry: true}
	default:
		ep.Sent, ep.ClientAuth = h.Sent, h.ClientAuth
		ep.TLS = &trust.TLS{Version: tls.VersionTLS13, Cipher: tls.TLS_AES_128_GCM_SHA256, ALPN: "h2"}
		ep.HTTP = &trust.HTTP{Status: 401, Registry: true, Challenge: h.challenge()}
	}
	return ep
}

func (h *Host) challenge() trust.Challenge {
	if h.Challenge.Scheme == "" {
		return trust.Challenge{Scheme: trust.AuthBasic, Realm: "lab"}
	}
	return h.Challenge
}

// report judges the host as a real check does.
func (s *Service) report(reg trust.Registry, engineWord bool) (trust.Report, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[reg.String()]
	if h == nil {
		return trust.Report{}, false
	}
	now := s.now()
	scope := s.scopes[reg.String()]
	if scope == nil {
		scope = []trust.Party{trust.Docker, trust.Podman}
	}
	r := trust.Report{Registry: reg, At: now, Elapsed: 41 * time.Millisecond, Scope: scope}
	if h.Failure == "" && !h.PlainHTTP {
		r.Auth = h.challenge()
	}
	in := diagnose.Input{Probe: trust.Probe{Registry: reg, At: now}, Scope: scope, Now: now}
	hosts, roles := []*Host{h}, []trust.Role{trust.RoleRegistry}
	if h.Token != nil {
		hosts, roles = append(hosts, h.Token), append(roles, trust.RoleToken)
	}
	for i, host := range hosts {
		if host.registry.IsZero() {
			host.registry, _, _ = trust.ParseRegistry("auth." + reg.Host())
		}
		ep := host.endpoint(roles[i])
		var verdicts []trust.Verdict
		var policies []trust.Policy
		for _, c := range host.consumers() {
			p := c.policy(host)
			policies, verdicts = append(policies, p), append(verdicts, trust.Judge(ep, p, now))
		}
		in.Probe.Endpoints = append(in.Probe.Endpoints, ep)
		in.Policies, in.Verdicts = append(in.Policies, policies), append(in.Verdicts, verdicts)
		r.Endpoints = append(r.Endpoints, trust.EndpointReport{Endpoint: ep, Verdicts: verdicts})
	}
	r.Findings = diagnose.Findings(in)
	if engineWord {
		if v, ok := r.PartyVerdict(trust.Docker); ok && slices.Contains(scope, trust.Docker) {
			r.Proved = []trust.EngineWord{{Party: trust.Docker, Instance: v.Consumer.Instance, State: v.State, Text: "manifest unknown"}}
		}
	}
	return r, true
}
