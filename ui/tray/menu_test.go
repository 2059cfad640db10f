package tray

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
	"mooring.dev/mooring/ui/words/wordstest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func nothing() Commands {
	return Commands{
		Show: func(watch.Trouble) {}, CheckNow: func() {}, Pause: func(time.Duration) {}, Resume: func() {},
		Autostart: func(bool) {}, Quit: func() {},
	}
}

func TestTheStateInOneLine(t *testing.T) {
	w := wordstest.New(t, "en")
	seen := watch.Status{At: noon, Mood: watch.Good, Total: 3}
	with := func(change func(*watch.Status)) watch.Status {
		s := seen
		change(&s)
		return s
	}
	for want, s := range map[string]watch.Status{
		"Looking for the first time…":               {Mood: watch.Offline},
		"No registries are known yet":               {Mood: watch.Offline, At: noon},
		"All 3 registries are trusted":              seen,
		"Trusted, but 1 registry cannot be reached": with(func(s *watch.Status) { s.Unreached = 1 }),
		"No registry can be reached":                with(func(s *watch.Status) { s.Mood, s.Unreached = watch.Offline, 3 }),
		"2 registries need attention":               with(func(s *watch.Status) { s.Mood, s.Trouble = watch.Broken, make([]watch.Trouble, 2) }),
		"Paused":                                    with(func(s *watch.Status) { s.Paused = true }),
	} {
		if got := stateLine(w, s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	until := time.Date(2026, 3, 2, 13, 5, 0, 0, time.Local)
	if got := stateLine(w, with(func(s *watch.Status) { s.Paused, s.Until = true, until })); got != "Paused until 13:05" {
		t.Errorf("%q", got)
	}
}

func TestTheMenu(t *testing.T) {
	w := wordstest.New(t, "en")
	v := View{Now: noon, Place: "~/.config/autostart/mooring.desktop", Status: watch.Status{
		At: noon, Mood: watch.Broken, Total: 5, Trouble: []watch.Trouble{
			{Registry: "reg.example:5000", State: trust.Refused, Reason: trust.UnknownAuthority, Action: watch.ActTrust},
			{Registry: strings.Repeat("a-long-name.", 12) + "example:5000", State: trust.Refused, Reason: trust.Expired, Action: watch.ActOpen},
			{Registry: "out.example", Ends: watch.EndSignIn, Until: noon.Add(-time.Hour), Action: watch.ActSignIn},
			{Registry: "soon.example", Ends: watch.EndServer, Until: noon.AddDate(0, 0, 3), Action: watch.ActOpen},
		},
	}}
	want := `(4 registries need attention)
-
reg.example:5000 — Unknown authority. Trust…
a-long-name.a-long-name.a-lon…e.example:5000 — Expired. Look…
out.example — Your sign-in has expired. Sign in…
soon.example — The certificate ends on 5 Mar 2026. Look…
-
Check now
Open Mooring
Pause for an hour
Pause until I resume
-
Start with my session (writes ~/.config/autostart/mooring.desktop)
-
Quit
`
	if got := textOf(Menu(w, v, nothing())); got != want {
		t.Errorf("the menu is\n%s\nwant\n%s", got, want)
	}
	v.Status.Paused, v.Status.Checking, v.Autostart = true, true, true
	for i := range 20 {
		v.Status.Trouble = append(v.Status.Trouble, watch.Trouble{Registry: fmt.Sprintf("r%d.example", i), State: trust.Refused, Reason: trust.Expired, Action: watch.ActOpen})
	}
	got := textOf(Menu(w, v, nothing()))
	for _, want := range []string{"\nand 16 more…\n", "\n(Checking…)\n", "\nResume\n", "\n✓ Start with my session (removes "} {
		if !strings.Contains(got, want) {
			t.Errorf("the menu lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Pause for") || strings.Contains(got, "r5.example") {
		t.Errorf("the menu is\n%s", got)
	}
}

// Every reason and event has its words in every language.
func TestEverythingHasWords(t *testing.T) {
	for _, lang := range words.Languages() {
		w := wordstest.New(t, lang)
		for _, c := range []trust.Code{trust.UnknownAuthority, trust.Expired, trust.NameMismatch, trust.InsecureRegistry, trust.PlainHTTP, trust.ClientCertificateRequired, ""} {
			for _, a := range []string{watch.ActTrust, watch.ActSignIn, watch.ActOpen} {
				troubleLine(w, watch.Trouble{Registry: "r.example", State: trust.Refused, Reason: c, Action: a}, noon)
			}
		}
		var events []watch.Event
		for _, kind := range []watch.EventKind{watch.NewlyUntrusted, watch.SignInExpired, watch.IssuerChanged} {
			for _, s := range []trust.State{trust.Refused, trust.Insecure} {
				events = append(events, watch.Event{Kind: kind, State: s, Reason: trust.Expired, Action: watch.ActOpen})
			}
		}
		for _, kind := range []watch.EndKind{watch.EndServer, watch.EndClient, watch.EndSignIn} {
			for _, until := range []time.Time{noon.Add(time.Hour), noon.Add(-time.Hour)} {
				troubleLine(w, watch.Trouble{Registry: "r.example", Ends: kind, Until: until, Action: watch.ActOpen}, noon)
			}
			for _, days := range []int{1, 7, 14, 30} {
				events = append(events, watch.Event{Kind: watch.Expires, Ends: kind, Days: days, At: noon, Action: watch.ActOpen})
			}
		}
		events = append(events, watch.Event{Kind: watch.Expires, Ends: watch.EndClient, At: noon, Action: watch.ActOpen})
		for _, e := range events {
			noteOf(w, []watch.Event{e})
		}
		n, _ := noteOf(w, events)
		if lines := strings.Split(n.Body, "\n"); len(lines) != maxListed+1 || !n.Urgent {
			t.Errorf("%s: several events are %+v", lang, n)
		}
		Menu(w, View{Place: "x", Status: watch.Status{At: noon, Total: 1, Mood: watch.Good}}, nothing())
	}
}
