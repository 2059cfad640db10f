package signin_test

import (
	"errors"
	"net/http"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
	"mooring.dev/mooring/trust/trusttest"
)

// party is the lab's Docker under another name.
func party(l *signintest.Lab, p trust.Party, change func(*trust.Policy)) trust.Policy {
	out := l.Docker()
	out.Consumer.Party = p
	if change != nil {
		change(&out)
	}
	return out
}

func noAnchors(p *trust.Policy) { p.Anchors = nil }

func skips(p *trust.Policy) { p.Anchors, p.SkipVerify = nil, "/etc/docker/daemon.json" }

func TestAccept(t *testing.T) {
	l := signintest.NewLab(t)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { challenge(w, `Basic realm="lab"`) })
	l.Serve(regAt, ok)
	l.ServePlain("plain.example:5000", ok)
	other := trusttest.NewCA(t, "Another CA")
	l.ServeTLS("foreign.example:5000", other.Leaf(trusttest.Names("foreign.example")).Config(), ok)
	l.Serve("split.example:5000", bearer("https://foreign.example:5000/token"))
	l.Serve("whole.example:5000", bearer("https://auth.example/token"))
	l.Serve("own.example:5000", bearer("https://own.example:5000/token"))
	l.Serve("silly.example:5000", bearer("silly-realm"))
	l.Serve(tokenAt, bearer(""))
	trusting := func(p ...trust.Party) (out []trust.Policy) {
		for _, name := range p {
			out = append(out, party(l, name, nil))
		}
		return out
	}
	for name, c := range map[string]struct {
		registry string
		policies []trust.Policy
		why      signin.Why // "" is accepted
		endpoint string
		reason   trust.Code
	}{
		"trusted":                      {"reg.example:5000", trusting(trust.Docker), "", "", ""},
		"its own token server":         {"own.example:5000", trusting(trust.Docker), "", "", ""},
		"with a token server":          {"whole.example:5000", trusting(trust.Docker), "", "", ""},
		"silly":                        {"silly.example:5000", trusting(trust.Docker), "", "", ""},
		"one of two trusts":            {"reg.example:5000", []trust.Policy{party(l, trust.Docker, noAnchors), party(l, trust.Podman, nil)}, "", "", ""},
		"the computer trusts":          {"reg.example:5000", []trust.Policy{party(l, trust.Docker, noAnchors), party(l, trust.System, nil)}, "", "", ""},
		"nobody trusts":                {"reg.example:5000", []trust.Policy{party(l, trust.Docker, noAnchors)}, signin.Unverified, regAt, trust.UnknownAuthority},
		"nobody in scope":              {"reg.example:5000", nil, signin.Unverified, regAt, ""},
		"one does not verify":          {"reg.example:5000", []trust.Policy{party(l, trust.Docker, skips), party(l, trust.Podman, nil)}, signin.Unverified, regAt, trust.InsecureRegistry},
		"the computer does not":        {"reg.example:5000", []trust.Policy{party(l, trust.System, skips), party(l, trust.Docker, nil)}, "", "", ""},
		"plain HTTP":                   {"plain.example:5000", trusting(trust.Docker), signin.Unverified, "plain.example:5000", trust.PlainHTTP},
		"plain HTTP, and that is fine": {"plain.example:5000", []trust.Policy{party(l, trust.Docker, func(p *trust.Policy) { p.SkipVerify, p.PlainHTTP = "daemon.json", true })}, signin.Unverified, "plain.example:5000", trust.PlainHTTP},
		"foreign CA":                   {"foreign.example:5000", trusting(trust.Docker), signin.Unverified, "foreign.example:5000", trust.UnknownAuthority},
		"foreign token server":         {"split.example:5000", trusting(trust.Docker), signin.Unverified, "foreign.example:5000", trust.UnknownAuthority},
		"nobody there":                 {"gone.example:5000", trusting(trust.Docker), signin.NoConnection, "gone.example:5000", trust.ConnectionRefused},
		"of another machine":           {"reg.example:5000", []trust.Policy{party(l, trust.Docker, func(p *trust.Policy) { p.Consumer.Remote = true })}, signin.Unverified, regAt, ""},
	} {
		t.Run(name, func(t *testing.T) {
			report := l.Report(c.registry, c.policies...)
			l.Dialed()
			a, err := signin.Accept(report, l.Way())
			if dialed := l.Dialed(); len(dialed) > 0 {
				t.Errorf("dialled %q", dialed)
			}
			var refused *signin.Refusal
			switch {
			case c.why == "" && (err != nil || a.Registry() != report.Registry):
				t.Errorf("not accepted: %v", err)
			case c.why == "":
			case !errors.As(err, &refused):
				t.Errorf("accepted: %v", err)
			case refused.Why != c.why || refused.Endpoint != c.endpoint || refused.Reason != c.reason:
				t.Errorf("refused: %+v", refused)
			}
			if c.reason == trust.InsecureRegistry && refused != nil && refused.Party != trust.Docker {
				t.Errorf("party %q does not verify", refused.Party)
			}
		})
	}
}

// An Access sends nowhere else, whoever uses it.
func TestRoundTripGuards(t *testing.T) {
	l := signintest.NewLab(t)
	thief := signintest.NewThief(t, "thief.example")
	l.Serve(regAt, bearer("https://auth.example/token"))
	l.Serve(tokenAt, bearer(""))
	l.Point(thiefAt, thief.Address)
	l.Point("reg.example:443", thief.Address)
	a := l.Access(regName)
	l.Dialed()
	for address, host := range map[string]string{
		"https://thief.example/v2/":                  "",
		"http://reg.example:5000/v2/":                "",
		"https://reg.example/v2/":                    "",
		"https://reg.example:5000@thief.example/v2/": "",
		"https://user@reg.example:5000/v2/":          "",
		"https://reg.example.:5000/v2/":              "",
		"https://reg.example:5000/v2/":               "thief.example",
		"ftp://reg.example:5000/":                    "",
	} {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		_, err = a.RoundTrip(req)
		var refused *signin.Refusal
		if !errors.As(err, &refused) || refused.Why != signin.Redirected {
			t.Errorf("%s: %v", address, err)
		}
	}
	if dialed := l.Dialed(); len(dialed) > 0 || thief.Visits() > 0 {
		t.Errorf("dialled %q", dialed)
	}
	for _, address := range []string{"https://REG.example:5000/v2/", "https://auth.example:443/token"} {
		req, _ := http.NewRequest(http.MethodGet, address, nil)
		resp, err := a.RoundTrip(req)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		resp.Body.Close()
	}
}
