package words

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

func TestLanguageOfTheEnvironment(t *testing.T) {
	for _, c := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"},
		{"", "", "ko_KR.UTF-8", "ko"},
		{"", "ru_RU.UTF-8", "ko_KR.UTF-8", "ru"},
		{"C", "ru_RU.UTF-8", "ko_KR.UTF-8", "en"},
		{"", "", "de_DE.UTF-8", "en"},
		{"", "", "RU", "ru"},
		{"", "", "ko-KR", "ko"},
		{"", "", "../../etc", "en"},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}
		if got := match(FromEnvironment(func(k string) string { return env[k] })); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestMissingKeyShowsEnglishThenTheKey(t *testing.T) {
	if got := New("ko").T("no.such.key", nil); got != "no.such.key" {
		t.Errorf("%q", got)
	}
	var told []string
	w := Strict("ko", func(lang, key string) { told = append(told, lang+" "+key) })
	if got := w.T("no.such.key", nil); got != "⟦no.such.key⟧" {
		t.Errorf("%q", got)
	}
	if got := w.T("date.day", nil); got != "⟦date.day⟧" || len(told) != 2 {
		t.Errorf("a placeholder without value: %q, told %v", got, told)
	}
}

func TestValuesAreMadeSafe(t *testing.T) {
	got := New("en").T("source.file", map[string]any{"path": "/a\x1b[31m\u202eb\nc"})
	if got != `file /a\u001b[31m\u202eb\nc` {
		t.Errorf("%q", got)
	}
}

func TestPluralsAndDates(t *testing.T) {
	en, ko, ru := New("en"), New("ko"), New("ru")
	when := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for got, want := range map[string]string{
		en.Left(20 * day):                   "20 days left",
		en.Left(-3 * day):                   "expired 3 days ago",
		en.Left(36 * time.Hour):             "36 hours left",
		en.Left(time.Minute):                "1 minute left",
		en.Left(10 * 365 * day):             "10 years left",
		ko.Left(20 * day):                   "20일 남음",
		ru.Left(21 * day):                   "остался 21 день",
		ru.Left(22 * day):                   "осталось 22 дня",
		ru.Left(25 * day):                   "осталось 25 дней",
		ru.Left(-11 * time.Hour):            "истёк 11 часов назад",
		en.Date(when):                       "2 Mar 2026",
		ko.Date(when):                       "2026년 3월 2일",
		ru.Date(when):                       "2 марта 2026 года",
		en.List([]string{"a", "b", "c"}):    "a, b and c",
		en.Parties([]trust.Party{"docker"}): "Docker",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFingerprintInTwoLines(t *testing.T) {
	got := Fingerprint(trust.Fingerprint{0xab, 0xcd})
	if !strings.HasPrefix(got, "ABCD 0000") || strings.Count(got, "\n") != 1 || len(got) != 79 {
		t.Errorf("%q", got)
	}
}

type codedError struct{}

func (codedError) Error() string { return "read \"/x\": no" }
func (codedError) Problem() (string, map[string]any) {
	return "file-missing", map[string]any{"path": "/x"}
}

func TestErrors(t *testing.T) {
	w := New("en")
	for err, want := range map[error]string{
		context.Canceled: "Cancelled. Nothing more was done.",
		fmt.Errorf("probe: %w", context.DeadlineExceeded):            "This took too long and was stopped.",
		&fs.PathError{Op: "open", Path: "/f", Err: fs.ErrPermission}: "You may not open /f.",
		fmt.Errorf("plan: %w", codedError{}):                         "There is no file /x.",
		errors.New("boom\x1b[2J"):                                    `Something went wrong: boom\u001b[2J.`,
	} {
		if p := w.Error(err); p.What != want || p.Details == "" {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := w.Error(nil); p != (Problem{}) {
		t.Errorf("nil: %+v", p)
	}
}

func TestFilesOfTheListThatCannotBeUsed(t *testing.T) {
	w := New("en")
	locked := discover.Problem{Path: "/h/auth.json", Err: fs.ErrPermission}
	broken := discover.Problem{Path: "/h/config.json", Err: errors.New("unexpected end")}
	for name, c := range map[string]struct {
		err                error
		what, why, hinting string
	}{
		"no right": {errors.Join(locked), "/h/auth.json cannot be read", "You have no right", "by hand"},
		"broken":   {errors.Join(broken), "/h/config.json cannot be used", "unexpected end", "Put the file right"},
		"both":     {errors.Join(locked, broken), "/h/auth.json and /h/config.json", "", "Put the files right"},
	} {
		p := w.Error(c.err)
		if !strings.Contains(p.What, c.what) || !strings.Contains(p.Why, c.why) || !strings.Contains(p.Hint, c.hinting) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestTheSystemsOwnWordsAreShownOnce(t *testing.T) {
	w := New("en")
	p := w.Error(change.Refuse(change.ErrNoRights, "", "Not authorized\n\nThis incident has been reported.\n"))
	if p.More() != "Not authorized This incident has been reported." || strings.Contains(p.Why, "incident") {
		t.Errorf("%+v", p)
	}
	if p := w.Error(change.Refuse(change.ErrIO, "/f", "disk on fire")); p.More() != "" || !strings.Contains(p.What, "disk on fire") {
		t.Errorf("said already: %+v", p)
	}
}

func report(verdicts ...trust.Verdict) trust.Report {
	return trust.Report{
		Scope:     []trust.Party{trust.Docker, trust.Podman},
		Endpoints: []trust.EndpointReport{{Verdicts: verdicts}},
	}
}

func TestSummaryNamesThePartiesConcerned(t *testing.T) {
	r := report(
		trust.Verdict{Consumer: trust.Consumer{Party: trust.Docker}, State: trust.Refused},
		trust.Verdict{Consumer: trust.Consumer{Party: trust.Podman}, State: trust.Trusted},
		trust.Verdict{Consumer: trust.Consumer{Party: trust.System}, State: trust.Refused})
	if got := New("en").Summary(r); !strings.Contains(got, "is refused by Docker.") {
		t.Errorf("%q", got)
	}
	if got := New("en").Summary(report()); !strings.Contains(got, "cannot be told") {
		t.Errorf("nothing judged: %q", got)
	}
}
