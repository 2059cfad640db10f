package watch

import (
	"cmp"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
)

// sum is how all sights stand together at a moment.
func sum(sights map[trust.Registry]Sight, now time.Time) Status {
	st := Status{Mood: Offline, Trouble: []Trouble{}}
	for _, s := range sights {
		if !s.seen() {
			st.Unreached++
			continue
		}
		mood, trouble := judge(s, now)
		if mood != Good {
			st.Trouble = append(st.Trouble, trouble)
		}
		st.Mood = worse(st.Mood, mood)
	}
	slices.SortFunc(st.Trouble, func(a, b Trouble) int {
		return cmp.Or(-cmp.Compare(a.rank(), b.rank()), a.Until.Compare(b.Until), cmp.Compare(a.Registry, b.Registry))
	})
	return st
}

// worse is the worse of two moods; any other outweighs Offline, which says only
// that nothing is known.
func worse(a, b Mood) Mood {
	if a == Offline {
		return b
	}
	return Moods()[max(slices.Index(Moods(), a), slices.Index(Moods(), b))]
}

func (t Trouble) rank() int {
	switch t.State {
	case trust.Refused:
		return 3
	case trust.Insecure:
		return 2
	case trust.Unknown:
		return 1
	}
	return 0
}

// judge says how one registry that was reached stands.
func judge(s Sight, now time.Time) (Mood, Trouble) {
	t := Trouble{Registry: s.Registry.String(), State: s.State, Reason: s.Reason, Action: actionFor(s)}
	switch s.State {
	case trust.Refused:
		return Broken, t
	case trust.Insecure, trust.Unknown:
		return Attention, t
	}
	e, ok := s.firstNear(now)
	if !ok {
		return Good, Trouble{}
	}
	t.Until, t.Ends, t.Reason = e.At, e.Kind, trust.ExpiresSoon
	if e.Kind == EndSignIn {
		t.Action = ActSignIn
	}
	return Attention, t
}

// firstNear is the end that needs attention first.
func (s Sight) firstNear(now time.Time) (End, bool) {
	var first End
	for _, e := range s.Ends {
		if e.near(now) && (first.ID == "" || e.At.Before(first.At)) {
			first = e
		}
	}
	return first, first.ID != ""
}

// actionFor is the page where a click on the registry leads.
func actionFor(s Sight) string {
	if s.refused() && s.Reason.AnchorHelps() {
		return ActTrust
	}
	return ActOpen
}
