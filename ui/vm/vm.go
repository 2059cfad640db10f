// Package vm holds the window's view models: what each page shows, as plain data
// made from reports, plans and receipts, and put into words. It knows no Fyne;
// package ui/window draws it. All sentences come from package words, and texts
// of strangers (subjects, hosts, errors) pass through package safe.
package vm

import (
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// Mark is how something stands, as the theme draws it: its values are those of
// theme.State.
type Mark string

// The marks.
const (
	MarkTrusted   Mark = "trusted"
	MarkAttention Mark = "attention"
	MarkRefused   Mark = "refused"
	MarkInsecure  Mark = "insecure"
	MarkUnknown   Mark = "unknown"
	MarkChecking  Mark = "checking"
)

// markOf is a verdict's mark. Unreachable is drawn like unknown: nothing was
// learned.
func markOf(s trust.State) Mark {
	switch s {
	case trust.Trusted:
		return MarkTrusted
	case trust.Insecure:
		return MarkInsecure
	case trust.Refused:
		return MarkRefused
	default:
		return MarkUnknown
	}
}

// Teller puts what is known into one language, at one moment.
type Teller struct {
	W   *words.Words
	Now func() time.Time
}

// NewTeller returns a teller on the wall clock.
func NewTeller(w *words.Words) Teller { return Teller{W: w, Now: time.Now} }

// args are values for a sentence's placeholders.
type args = map[string]any

func (t Teller) say(key string, a args) string { return t.W.T("window."+key, a) }

func (t Teller) count(key string, n int, a args) string { return t.W.N("window."+key, n, a) }

// Say returns one of the window's fixed words, for labels that depend on nothing.
func (t Teller) Say(key string) string { return t.say(key, nil) }

// SayTools is Say for a sentence about tools and a registry, in the form for as many
// tools as there are.
func (t Teller) SayTools(key string, tools []trust.Party, r trust.Registry) string {
	return t.count(key, len(tools), args{"tools": t.W.Parties(tools), "registry": r})
}

// SayOf is Say for a word with one value, "value".
func (t Teller) SayOf(key, value string) string { return t.say(key, args{"value": value}) }
