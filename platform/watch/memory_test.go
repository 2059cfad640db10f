package watch

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// say is events in short.
func say(events []Event) string {
	var out []string
	for _, e := range events {
		s := string(e.Kind)
		switch e.Kind {
		case Expires:
			s += fmt.Sprintf(" %s %d", e.Ends, e.Days)
		case NewlyUntrusted:
			s += " " + string(e.Reason)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// ends returns s with ends that lie so many days ahead of noon.
func ends(s Sight, kind EndKind, id string, life time.Duration, days float64) Sight {
	s.Ends = append(s.Ends[:len(s.Ends):len(s.Ends)], End{kind, id, noon.Add(time.Duration(days * float64(day))), life})
	return s
}

func TestWhatIsNews(t *testing.T) {
	const year = 365 * day
	r := "r.example"
	bare := good(r)
	bare.Ends = nil
	insecure := refused(r, trust.InsecureRegistry)
	insecure.State = trust.Insecure
	other := good(r)
	other.Issuer = issuedBy("another ca", "another")
	otherKey := good(r)
	otherKey.Issuer.IssuerKey = "k1"
	unknown := good(r)
	unknown.State = trust.Unknown
	flagged := good(r)
	flagged.IssuerChanged = true
	both := refused(r, trust.UnknownAuthority)
	both.Issuer = issuedBy("another ca", "another")
	for name, c := range map[string]struct {
		before []Sight // none: the first look
		now    Sight
		want   string
	}{
		"good, first":                  {nil, good(r), ""},
		"good, again":                  {[]Sight{good(r)}, good(r), ""},
		"refused, first":               {nil, refused(r, trust.Expired), ""},
		"refused":                      {[]Sight{good(r)}, refused(r, trust.Expired), "untrusted expired"},
		"insecure":                     {[]Sight{good(r)}, insecure, "untrusted insecure-registry"},
		"refused, then insecure":       {[]Sight{good(r), refused(r, trust.Expired)}, insecure, ""},
		"refused, still":               {[]Sight{good(r), refused(r, trust.Expired)}, refused(r, trust.Expired), ""},
		"refused, for another reason":  {[]Sight{good(r), refused(r, trust.Expired)}, refused(r, trust.NameMismatch), ""},
		"back and forth":               {[]Sight{good(r), refused(r, trust.Expired), good(r)}, refused(r, trust.Expired), ""},
		"back and forth, other reason": {[]Sight{good(r), refused(r, trust.Expired), good(r)}, refused(r, trust.NameMismatch), "untrusted name-mismatch"},
		"mended":                       {[]Sight{good(r), refused(r, trust.Expired)}, good(r), ""},
		"down":                         {[]Sight{good(r)}, down(r), ""},
		"down, first":                  {nil, down(r), ""},
		"down, then refused":           {[]Sight{good(r), down(r)}, refused(r, trust.Expired), "untrusted expired"},
		"unknown":                      {[]Sight{good(r)}, unknown, ""},
		"unknown, then refused":        {[]Sight{good(r), unknown}, refused(r, trust.Expired), "untrusted expired"},
		"another issuer":               {[]Sight{good(r)}, other, "issuer-changed"},
		"another issuer, told":         {[]Sight{good(r), other}, other, ""},
		"another issuer, and back":     {[]Sight{good(r), other}, good(r), "issuer-changed"},
		"the key is named now":         {[]Sight{good(r)}, otherKey, ""},
		"the history knew another":     {nil, flagged, "issuer-changed"},
		"the history is behind":        {[]Sight{good(r)}, flagged, ""},
		"refused for the new issuer":   {[]Sight{good(r)}, both, "untrusted unknown-authority"},

		"31 days":                {[]Sight{bare}, ends(bare, EndServer, "x", year, 31), ""},
		"30 days":                {[]Sight{bare}, ends(bare, EndServer, "x", year, 30), "expires server 30"},
		"20 days":                {[]Sight{bare}, ends(bare, EndServer, "x", year, 20), "expires server 30"},
		"14 days":                {[]Sight{bare}, ends(bare, EndServer, "x", year, 14), "expires server 14"},
		"5 days, first":          {nil, ends(bare, EndServer, "x", year, 5), "expires server 7"},
		"5 days, told":           {[]Sight{ends(bare, EndServer, "x", year, 6)}, ends(bare, EndServer, "x", year, 5), ""},
		"an hour":                {[]Sight{ends(bare, EndServer, "x", year, 6)}, ends(bare, EndServer, "x", year, 0.04), "expires server 1"},
		"over":                   {[]Sight{ends(bare, EndServer, "x", year, 1)}, ends(bare, EndServer, "x", year, -1), ""},
		"renewed":                {[]Sight{ends(bare, EndServer, "x", year, 1)}, ends(bare, EndServer, "y", year, 400), ""},
		"renewed for a month":    {[]Sight{ends(bare, EndServer, "x", year, 1)}, ends(bare, EndServer, "y", year, 29), "expires server 30"},
		"of 90 days":             {[]Sight{bare}, ends(bare, EndServer, "x", 90*day, 29), "expires server 30"},
		"of 60 days":             {[]Sight{bare}, ends(bare, EndServer, "x", 60*day, 15), ""},
		"of a day":               {[]Sight{bare}, ends(bare, EndServer, "x", day, 0.5), ""},
		"client":                 {[]Sight{bare}, ends(bare, EndClient, "x", year, 7), "expires client 7"},
		"client, over":           {[]Sight{bare}, ends(bare, EndClient, "x", year, 0), "expires client 0"},
		"sign-in":                {[]Sight{bare}, ends(bare, EndSignIn, "x", 0, 1), "expires sign-in 1"},
		"sign-in of 12 hours":    {[]Sight{bare}, ends(bare, EndSignIn, "x", day/2, 0.2), ""},
		"sign-in, over":          {[]Sight{bare}, ends(bare, EndSignIn, "x", day/2, -0.01), "sign-in-expired"},
		"sign-in, over, first":   {nil, ends(bare, EndSignIn, "x", day/2, -0.01), ""},
		"sign-in, over, told":    {[]Sight{bare, ends(bare, EndSignIn, "x", day/2, 0)}, ends(bare, EndSignIn, "x", day/2, -1), ""},
		"all at once":            {[]Sight{bare}, ends(ends(ends(both, EndServer, "s", year, 1), EndClient, "c", year, 1), EndSignIn, "i", 0, 0), "untrusted unknown-authority, sign-in-expired, expires client 1"},
		"down, with what it had": {[]Sight{bare}, ends(down(r), EndServer, "x", year, 1), ""},
	} {
		m := NewMemory()
		for _, s := range c.before {
			m.learn(s, noon)
		}
		m = again(t, m)
		if got := say(m.news(c.now, noon)); got != c.want {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
		m.learn(c.now, noon)
		if got := say(again(t, m).news(c.now, noon)); got != "" {
			t.Errorf("%s: told twice: %q", name, got)
		}
	}
}

// again is what a new process reads of m.
func again(t *testing.T, m *Memory) *Memory {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := NewMemory()
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestACauseThatComesBackLaterIsNews(t *testing.T) {
	m := NewMemory()
	bad := refused("r.example", trust.Expired)
	m.learn(good("r.example"), noon)
	m.learn(bad, noon)
	m.learn(good("r.example"), noon.Add(time.Hour))
	if got := m.news(bad, noon.Add(2*time.Hour)); got != nil {
		t.Errorf("after an hour of peace: %q", say(got))
	}
	m.learn(good("r.example"), noon.Add(25*time.Hour))
	if got := say(m.news(bad, noon.Add(26*time.Hour))); got != "untrusted expired" {
		t.Errorf("after a day of peace: %q", got)
	}
}

func TestLearningTheSameIsNoChange(t *testing.T) {
	m := NewMemory()
	if !m.learn(good("r.example"), noon) || m.learn(good("r.example"), noon.Add(time.Hour)) || m.learn(down("r.example"), noon) {
		t.Error("the file would be written at each round, or never")
	}
	m.keep(func(trust.Registry) bool { return false })
	if len(m.Registries) != 0 {
		t.Error("what is not watched any more is remembered")
	}
}
