package watch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Settings are what the person decided in watch.toml.
type Settings struct {
	Every time.Duration // between two looks at a registry
	Quiet Quiet         // hours in which nothing is told
}

// Defaults are the settings without a file.
func Defaults() Settings { return Settings{Every: 30 * time.Minute} }

// The bounds of Every: a server is not to be hammered, and a day is too late for
// what ends tomorrow.
const (
	minEvery = 5 * time.Minute
	maxEvery = 12 * time.Hour
)

// Quiet are hours of each day, in local time, such as 22:00 to 08:00. The zero
// value is none.
type Quiet struct{ From, To time.Duration } // since midnight

// covers reports whether t lies within.
func (q Quiet) covers(t time.Time) bool {
	at := sinceMidnight(t)
	switch {
	case q.From == q.To:
		return false
	case q.From < q.To:
		return q.From <= at && at < q.To
	default: // over midnight
		return at >= q.From || at < q.To
	}
}

// end is when the quiet hours that cover t are over.
func (q Quiet) end(t time.Time) time.Time {
	y, m, d := t.Date()
	if sinceMidnight(t) >= q.To {
		d++
	}
	return time.Date(y, m, d, 0, int(q.To/time.Minute), 0, 0, t.Location())
}

func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

// ErrNewer says that the settings were written for a newer Mooring.
var ErrNewer = errors.New("watch.toml was written for a newer Mooring")

type settingsFile struct {
	Schema int    `toml:"schema"`
	Every  string `toml:"every"`
	Quiet  string `toml:"quiet"`
}

// ParseSettings reads watch.toml; what it does not name is as by default. Keys it
// does not know are left to whoever wrote them.
func ParseSettings(data []byte) (Settings, error) {
	s := Defaults()
	var f settingsFile
	if err := toml.Unmarshal(data, &f); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			row, _ := d.Position()
			return s, fmt.Errorf("line %d: %s", row, strings.TrimPrefix(d.Error(), "toml: "))
		}
		return s, err
	}
	if f.Schema > settingsSchema {
		return s, ErrNewer
	}
	if f.Every != "" {
		d, err := time.ParseDuration(f.Every)
		if err != nil || d < minEvery || d > maxEvery {
			return Defaults(), fmt.Errorf("every = %q: a time from %v to %v, such as \"30m\"", f.Every, minEvery, maxEvery)
		}
		s.Every = d
	}
	if f.Quiet != "" {
		var err error
		if s.Quiet, err = parseQuiet(f.Quiet); err != nil {
			return Defaults(), fmt.Errorf("quiet = %q: two times of day, such as \"22:00-08:00\"", f.Quiet)
		}
	}
	return s, nil
}

const settingsSchema = 1

func parseQuiet(text string) (Quiet, error) {
	from, to, ok := strings.Cut(text, "-")
	start, err1 := time.Parse("15:04", strings.TrimSpace(from))
	end, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if err := errors.Join(err1, err2); !ok || err != nil {
		return Quiet{}, errors.New("no two times of day")
	}
	return Quiet{sinceMidnight(start), sinceMidnight(end)}, nil
}
