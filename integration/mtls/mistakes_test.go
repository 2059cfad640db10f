//go:build integration

package mtls

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// mistake is one way to get client certificates wrong. What the engines make of it
// is not written down here: they are asked. What Mooring says of it beforehand is.
type mistake struct {
	name string
	// ports are the servers at which it is made: the three, or the registry alone
	// where the fault is in the files.
	ports []string
	// cert and key are what lies in the directory, as client.cert and client.key.
	cert, key []byte
	// finding is what a check says of it, "" for nothing.
	finding trust.Code
	// problem is what `mooring client-cert` says when it is given these files, ""
	// for nothing; fatal whether it refuses.
	problem trust.Code
	fatal   bool
	more    func(spot) // what else lies there
}

const day = 24 * time.Hour

// inFiles are the reasons that an engine finds before it connects.
var inFiles = []trust.Code{trust.CertWithoutKey, trust.KeyWithoutCert, trust.KeyMismatch, trust.KeyEncrypted, trust.NotPEM}

var (
	all  = []string{registry, nginx12, nginx13}
	file = []string{registry}
)

func (s *stage) mistakes(t *testing.T) []mistake {
	past, future := time.Now().Add(-day), time.Now().Add(day)
	p := spot{s, t, ""}
	alice, bob := s.clients.Client("alice"), s.clients.Client("bob")
	foreign := s.other.Client("alice")
	expired := s.clients.Client("alice", trusttest.NotAfter(past))
	early := s.clients.Client("alice", trusttest.NotBefore(future))
	server := s.clients.Leaf(trusttest.Names("alice.lab.test"))
	soon := s.clients.Client("alice", trusttest.NotBefore(past.Add(-100*day)), trusttest.NotAfter(future.Add(5*day)))
	issuing := s.clients.Intermediate("Issuing CA")
	below := issuing.Client("alice")
	short := s.clients.Client("alice", trusttest.RSA(1024))
	return []mistake{
		{"good", all, alice.PEM(), alice.KeyPEM(), "", "", false, nil},
		{"nothing installed", all, nil, nil, trust.ClientCertificateRequired, "", true, nil},
		{"foreign CA", all, foreign.PEM(), foreign.KeyPEM(), trust.ClientCertificateRejected, trust.ClientCertificateRejected, true, nil},
		{"expired", all, expired.PEM(), expired.KeyPEM(), trust.Expired, trust.Expired, true, nil},
		{"for servers only", all, server.PEM(), server.KeyPEM(), trust.WrongUsage, trust.WrongUsage, true, nil},
		{"not yet valid", []string{nginx13}, early.PEM(), early.KeyPEM(), trust.NotYetValid, trust.NotYetValid, true, nil},
		{"ends soon", file, soon.PEM(), soon.KeyPEM(), trust.ExpiresSoon, trust.ExpiresSoon, false, nil},
		{"with its intermediate", file, trusttest.PEM(below.Sent()...), below.KeyPEM(), "", "", false, nil},
		{"without its intermediate", file, below.PEM(), below.KeyPEM(), trust.ClientCertificateRejected, trust.ClientCertificateRejected, true, nil},
		{"RSA key of 1024 bits", file, short.PEM(), short.KeyPEM(), "", trust.WeakKey, false, nil},
		{"certificate alone", file, alice.PEM(), nil, trust.CertWithoutKey, trust.CertWithoutKey, true, nil},
		{"key alone", file, nil, alice.KeyPEM(), trust.KeyWithoutCert, trust.KeyWithoutCert, true, nil},
		{"key of another", file, alice.PEM(), bob.KeyPEM(), trust.KeyMismatch, trust.KeyMismatch, true, nil},
		{"encrypted key", file, alice.PEM(), p.locked(alice.KeyPEM()), trust.KeyEncrypted, trust.KeyEncrypted, true, nil},
		{"certificate in DER", file, alice.Cert.Raw, alice.KeyPEM(), trust.NotPEM, "", false, nil},
		{"certificate as crt", file, nil, alice.KeyPEM(), trust.KeyWithoutCert, "", true, func(p spot) { p.put("client.crt", alice.PEM(), 0o644) }},
		{"CA as cert", file, nil, nil, trust.CertWithoutKey, "", true, func(p spot) { p.put("ca.cert", s.root.PEM(), 0o644) }},
		{"key that all may read", file, alice.PEM(), nil, trust.KeyPermissions, "", true, func(p spot) { p.put("client.key", alice.KeyPEM(), 0o644) }},
	}
}

// TestMistakes prepares every mistake, lets Mooring say what is wrong and what each
// engine will do, and then asks the engines.
func TestMistakes(t *testing.T) {
	s := newStage(t, all...)
	type made struct {
		mistake
		spot
	}
	var cases []made
	for _, m := range s.mistakes(t) {
		for _, port := range m.ports {
			p := s.spot(t, port)
			p.pair("client", m.cert, m.key)
			if m.more != nil {
				m.more(p)
			}
			cases = append(cases, made{m, p})
		}
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.spot.registry)
	}
	says := map[string]map[string]lab.CheckedRegistry{}
	for _, judge := range engines {
		if v := lab.View(judge); says[v] == nil {
			says[v] = s.l.Check(t, v, names...)
		}
	}
	start := time.Now()
	did := make([]map[string]lab.Output, len(cases))
	turns := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range turns {
				did[i] = s.l.Pulls(cases[i].spot.registry, s.image, engines...)
			}
		})
	}
	for i := range cases {
		turns <- i
	}
	close(turns)
	wg.Wait()
	t.Logf("%d pulls in %s", len(cases)*len(engines), time.Since(start).Round(time.Second))

	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "mistake\tserver\t%s\n", strings.Join(engines, "\t"))
	for i, c := range cases {
		_, port, _ := strings.Cut(c.spot.registry, ":")
		fmt.Fprintf(w, "%s\t%s", c.name, port)
		for _, judge := range engines {
			out, state := did[i][judge], trust.Refused
			if out.OK() {
				state = trust.Trusted
			}
			p, known := says[lab.View(judge)][c.spot.registry].Foretold(s.l, judge)
			fmt.Fprintf(w, "\t%s", state)
			if !known || p.Verdict != state {
				fmt.Fprintf(w, " (FORETOLD %s)", p.Verdict)
				t.Errorf("%s at %s: %s was foretold %s (%s), and it: %s", c.name, port, judge, p.Verdict, p.Reason, lab.Excerpt(out.Text()))
			}
			// Where the fault is in the files, it is foretold in the engine's own words.
			if slices.Contains(inFiles, trust.Code(p.Reason)) && !strings.Contains(out.Text(), p.Error) {
				t.Errorf("%s: %s was to say %q, and said: %s", c.name, judge, p.Error, lab.Excerpt(out.Text()))
			}
		}
		fmt.Fprintln(w)
		findings := says[lab.View(lab.Docker20)][c.spot.registry].Findings
		if c.finding != "" && !slices.ContainsFunc(findings, func(f struct{ Code, Severity, Detail string }) bool { return f.Code == string(c.finding) }) {
			t.Errorf("%s at %s: the check does not say %s: %+v", c.name, port, c.finding, findings)
		}
	}
	w.Flush()
	t.Logf("what the engines did:\n%s", &table)
	if dir := os.Getenv("ARTEFACTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "mtls.txt"), []byte(table.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
	for _, c := range cases {
		if c.cert != nil || c.key != nil {
			c.told(c.spot)
		}
	}
}

// told gives the files of a mistake to `mooring client-cert`, which says what is
// wrong before it changes anything.
func (m mistake) told(p spot) {
	p.t.Helper()
	args := []string{"client-cert", p.registry, "--dry-run", "--json"}
	for name, content := range map[string][]byte{"given.cert": m.cert, "given.key": m.key} {
		if content != nil {
			name = filepath.Join(p.l.Home, name)
			p.l.Write(p.t, name, content, 0o600)
			args = append(args, "--file", name)
		}
	}
	out := p.l.Mooring(args...)
	if m.more != nil {
		return // its files alone tell less
	}
	if (out.Code == 1) != m.fatal {
		p.t.Errorf("%s: client-cert ended with %d: %s", m.name, out.Code, lab.Excerpt(out.Text()))
	}
	if m.fatal {
		var r struct {
			Problems []struct {
				Code  trust.Code
				Fatal bool
			}
		}
		if err := json.Unmarshal([]byte(out.Stdout), &r); err != nil || !slices.ContainsFunc(r.Problems, func(q struct {
			Code  trust.Code
			Fatal bool
		},
		) bool {
			return q.Code == m.problem && q.Fatal
		}) {
			p.t.Errorf("%s: client-cert does not say %s: %s, %v", m.name, m.problem, out.Stdout, err)
		}
	}
}
