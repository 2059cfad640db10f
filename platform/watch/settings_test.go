package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestSettings(t *testing.T) {
	night := Quiet{22 * time.Hour, 8 * time.Hour}
	for text, want := range map[string]Settings{
		"":                         Defaults(),
		"schema = 1\nother = true": Defaults(),
		"every = \"2h\"":           {Every: 2 * time.Hour},
		"quiet = \"22:00-08:00\"":  {Every: 30 * time.Minute, Quiet: night},
		"every = \"1h\"\nquiet = \"12:30 - 13:15\"": {Every: time.Hour, Quiet: Quiet{12*time.Hour + 30*time.Minute, 13*time.Hour + 15*time.Minute}},
	} {
		if got, err := ParseSettings([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"every = 30", "every = \"1s\"", "every = \"-1h\"", "every = \"48h\"", "every = \"soon\"",
		"quiet = \"22\"", "quiet = \"25:00-08:00\"", "quiet = \"night\"", "quiet = true", "schema = 2", "[", "every",
	} {
		if got, err := ParseSettings([]byte(text)); err == nil || got != Defaults() {
			t.Errorf("%q: %+v, %v; want the defaults and an error", text, got, err)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte("every = \"2h\"\nquiet = \"22:00-08:00\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSettings(data)
		if s.Every < minEvery || s.Every > maxEvery {
			t.Errorf("%q: every %v, %v", data, s.Every, err)
		}
		if end := s.Quiet.end(noon); s.Quiet.covers(noon) && (!end.After(noon) || end.After(noon.Add(25*time.Hour))) {
			t.Errorf("%q: quiet until %v", data, end)
		}
	})
}

func TestQuiet(t *testing.T) {
	clock := func(h, m int) time.Time { return time.Date(2026, 3, 2, h, m, 0, 0, noon.Location()) }
	night, lunch := Quiet{22 * time.Hour, 8 * time.Hour}, Quiet{12 * time.Hour, 13 * time.Hour}
	for _, c := range []struct {
		q     Quiet
		at    time.Time
		quiet bool
		end   time.Time
	}{
		{night, clock(21, 59), false, time.Time{}},
		{night, clock(22, 0), true, clock(8, 0).AddDate(0, 0, 1)},
		{night, clock(3, 0), true, clock(8, 0)},
		{night, clock(8, 0), false, time.Time{}},
		{lunch, clock(12, 30), true, clock(13, 0)},
		{lunch, clock(13, 0), false, time.Time{}},
		{Quiet{}, clock(0, 0), false, time.Time{}},
	} {
		if got := c.q.covers(c.at); got != c.quiet || got && !c.q.end(c.at).Equal(c.end) {
			t.Errorf("%v at %v: %v until %v", c.q, c.at, got, c.q.end(c.at))
		}
	}
}

func TestFilesKeepWhatWasSaid(t *testing.T) {
	root := t.TempDir()
	w := world.Under(root, "linux")
	f := FilesOf(w)
	if s, err := f.Status(); err != nil || !s.At.IsZero() {
		t.Fatalf("before the first: %+v, %v", s, err)
	}
	if s, err := f.Settings(); err != nil || s != Defaults() {
		t.Fatalf("without a file: %+v, %v", s, err)
	}
	m := NewMemory()
	m.learn(ends(good("r.example"), EndServer, "x", 365*day, 5), noon)
	status := Status{At: noon.UTC(), Mood: Broken, Trouble: []Trouble{{Registry: "r.example", State: trust.Refused, Reason: trust.Expired, Action: ActOpen}}, Total: 1}
	if err := f.SaveMemory(m); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveStatus(status); err != nil {
		t.Fatal(err)
	}
	if got := f.Memory().news(ends(good("r.example"), EndServer, "x", 365*day, 5), noon); got != nil {
		t.Errorf("told again after a restart: %q", say(got))
	}
	got, err := f.Status()
	if err != nil || got.Mood != Broken || len(got.Trouble) != 1 || got.Trouble[0].State != trust.Refused {
		t.Errorf("%+v, %v", got, err)
	}
	i, err := os.Stat(filepath.Join(root, "root/.local/state/mooring", memoryName))
	if err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	for _, junk := range []string{"", "{", "null", `{"schema":9}`, `{"schema":1,"registries":{"r.example":null}}`, `{"schema":1,"registries":null}`, `{"schema":1,"registries":{"../etc":{}}}`} {
		if err := os.WriteFile(filepath.Join(root, "root/.local/state/mooring", memoryName), []byte(junk), 0o600); err != nil {
			t.Fatal(err)
		}
		m := f.Memory()
		if m.learn(good("r.example"), noon); len(m.Registries) != 1 {
			t.Errorf("%s: %+v", junk, m.Registries)
		}
	}
	config := filepath.Join(root, "root/.config/mooring")
	if err := os.MkdirAll(config, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, settingsName), []byte("every = \"1s\""), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Settings(); err == nil || s != Defaults() {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestHowAllStandTogether(t *testing.T) {
	soonEnds := ends(good("soon.example"), EndServer, "x", 365*day, 5)
	signedOut := ends(good("out.example"), EndSignIn, "x", 0, -1)
	insecure := refused("insecure.example", trust.InsecureRegistry)
	insecure.State = trust.Insecure
	for name, c := range map[string]struct {
		sights []Sight
		mood   Mood
		first  string
		action string
	}{
		"none":          {nil, Offline, "", ""},
		"good":          {[]Sight{good("a.example")}, Good, "", ""},
		"down":          {[]Sight{down("a.example")}, Offline, "", ""},
		"good and down": {[]Sight{down("a.example"), good("b.example")}, Good, "", ""},
		"ends soon":     {[]Sight{good("a.example"), soonEnds}, Attention, "soon.example", ActOpen},
		"signed out":    {[]Sight{good("a.example"), signedOut}, Attention, "out.example", ActSignIn},
		"insecure":      {[]Sight{soonEnds, insecure}, Attention, "insecure.example", ActTrust},
		"refused":       {[]Sight{insecure, soonEnds, refused("z.example", trust.UnknownAuthority), down("d.example")}, Broken, "z.example", ActTrust},
	} {
		sights := map[trust.Registry]Sight{}
		for _, s := range c.sights {
			sights[s.Registry] = s
		}
		st := sum(sights, noon)
		if st.Mood != c.mood {
			t.Errorf("%s: %s, want %s", name, st.Mood, c.mood)
		}
		if c.first != "" && (len(st.Trouble) == 0 || st.Trouble[0].Registry != c.first || st.Trouble[0].Action != c.action) {
			t.Errorf("%s: %+v", name, st.Trouble)
		}
		if c.first == "" && len(st.Trouble) > 0 {
			t.Errorf("%s: %+v", name, st.Trouble)
		}
	}
}
