package words

import (
	"unicode/utf8"

	"mooring.dev/mooring/platform/watch"
)

// maxName bounds a registry's name where there is little room, in characters.
const maxName = 44

// ShortName shortens a registry's name in its middle: hosts differ at their
// beginning, ports at the end.
func ShortName(name string) string {
	n := utf8.RuneCountInString(name)
	if n <= maxName {
		return name
	}
	r := []rune(name)
	return string(r[:maxName*2/3]) + "…" + string(r[n-maxName/3:])
}

// Event is what changed, in a sentence, and what that means.
func (w *Words) Event(e watch.Event) (title, body string) {
	args := map[string]any{
		"registry": ShortName(e.Registry.String()), "date": w.Date(e.At.Local()), "reason": w.Reason(e.Reason),
	}
	key := "notify." + string(e.Kind)
	switch {
	case e.Kind == watch.NewlyUntrusted:
		return w.T(key+".title", args), w.T(key+"."+e.State.String(), args)
	case e.Kind == watch.Expires && e.Days == 0:
		return w.T("notify.ended.client.title", args), w.T("notify.ended.client.body", args)
	case e.Kind == watch.Expires:
		key += "." + string(e.Ends)
		return w.N(key+".title", e.Days, args), w.T(key+".body", args)
	default:
		return w.T(key+".title", args), w.T(key+".body", args)
	}
}
