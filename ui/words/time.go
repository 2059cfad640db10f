package words

import (
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// Date is a day as people of the language write it. Days are those of t's own
// time zone: certificates are read in UTC, journals in local time.
func (w *Words) Date(t time.Time) string {
	return w.T("date.day", map[string]any{
		"day": t.Day(), "year": t.Year(),
		"month": w.T("date.month."+strconv.Itoa(int(t.Month())), nil),
	})
}

// Moment is a day with its time of day, in local time.
func (w *Words) Moment(t time.Time) string {
	t = t.Local()
	return w.T("date.moment", map[string]any{"date": w.Date(t), "time": t.Format("15:04")})
}

const day = 24 * time.Hour

// Left says how long something still lasts, or how long ago it ended: "20 days
// left", "expired 3 days ago". Years from two years on, days down to two days.
func (w *Words) Left(d time.Duration) string {
	key, d := "left.", d
	if d < 0 {
		key, d = "ago.", -d
	}
	switch {
	case d >= 2*365*day:
		return w.N(key+"years", int(d/(365*day)), nil)
	case d >= 2*day:
		return w.N(key+"days", int(d/day), nil)
	case d >= 2*time.Hour:
		return w.N(key+"hours", int(d/time.Hour), nil)
	default:
		return w.N(key+"minutes", int(d/time.Minute), nil)
	}
}

// Fingerprint is f as people compare it: upper-case digits in groups of four,
// eight groups a line, two lines.
func Fingerprint(f trust.Fingerprint) string {
	groups := strings.Fields(f.Groups())
	half := len(groups) / 2
	return strings.Join(groups[:half], " ") + "\n" + strings.Join(groups[half:], " ")
}
