package watch

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
)

// EventKind is what happened to a registry.
type EventKind string

// The events, gravest first.
const (
	NewlyUntrusted EventKind = "untrusted"
	SignInExpired  EventKind = "sign-in-expired"
	IssuerChanged  EventKind = "issuer-changed"
	Expires        EventKind = "expires"
)

var gravity = []EventKind{NewlyUntrusted, SignInExpired, IssuerChanged, Expires}

// Event is one change that a person is told.
type Event struct {
	Kind     EventKind      `json:"kind"`
	Registry trust.Registry `json:"registry"`
	State    trust.State    `json:"state"`
	Reason   trust.Code     `json:"reason,omitempty"` // of NewlyUntrusted
	Ends     EndKind        `json:"ends,omitempty"`   // of Expires
	Days     int            `json:"days"`             // of Expires: within so many; 0: it has ended
	At       time.Time      `json:"at"`               // the end, for Expires and SignInExpired
	Action   string         `json:"action"`
}

// Memory is what the person knows already: a change is what differs from it. It
// outlives the process, so that nothing is told twice, and it is not touched while
// nothing may be told: what was mended meanwhile is then never told at all.
type Memory struct {
	Schema     int                       `json:"schema"`
	Registries map[trust.Registry]*known `json:"registries"`
}

const memorySchema = 1

// known is what the person knows of one registry.
type known struct {
	Trusted bool                 `json:"trusted"`          // when it was last told or shown
	Issuer  trust.Seen           `json:"issuer"`           //
	Ends    map[string]int       `json:"ends,omitempty"`   // End.ID: the bucket that was told
	Causes  map[string]time.Time `json:"causes,omitempty"` // of NewlyUntrusted, and when
}

// causeAge is how long a cause counts as told after it went away. A server behind
// several addresses, one of which is wrong, goes back and forth.
const causeAge = day

// NewMemory knows nothing.
func NewMemory() *Memory {
	return &Memory{Schema: memorySchema, Registries: map[trust.Registry]*known{}}
}

// keep forgets the registries that are no longer watched.
func (m *Memory) keep(watched func(trust.Registry) bool) {
	maps.DeleteFunc(m.Registries, func(r trust.Registry, _ *known) bool { return !watched(r) })
}

// news lists what of s the person does not know, gravest first. What was so before
// the first look is no change, except for ends, which are told ahead.
func (m *Memory) news(s Sight, now time.Time) []Event {
	if !s.seen() {
		return nil
	}
	k, before := m.Registries[s.Registry], true
	if k == nil {
		k, before = &known{}, false
	}
	var out []Event
	add := func(e Event) {
		e.Registry, e.State = s.Registry, s.State
		out = append(out, e)
	}
	_, told := k.Causes[s.cause()]
	untrusted := before && k.Trusted && s.refused()
	if untrusted && !told {
		add(Event{Kind: NewlyUntrusted, Reason: s.Reason, Action: actionFor(s)})
	}
	// A new issuer and an expired certificate are why it is refused, or nothing that
	// matters beside it.
	if !untrusted && k.issuerChanged(s) {
		add(Event{Kind: IssuerChanged, Action: ActOpen})
	}
	for _, e := range s.Ends {
		if untrusted && e.Kind == EndServer {
			continue
		}
		if event, ok := k.ending(e, before, now); ok {
			add(event)
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int {
		return cmp.Compare(slices.Index(gravity, a.Kind), slices.Index(gravity, b.Kind))
	})
	return out
}

func (k *known) issuerChanged(s Sight) bool {
	switch {
	case s.Issuer.IsZero():
		return false
	case k.Issuer.IsZero():
		return s.IssuerChanged
	default:
		return !sameIssuer(k.Issuer, s.Issuer)
	}
}

// ending is the event of an end that came nearer since it was last told.
func (k *known) ending(e End, before bool, now time.Time) (Event, bool) {
	b := e.bucket(now)
	told, ok := k.Ends[e.ID]
	if !ok {
		told = notDue
	}
	switch {
	case b >= told:
		return Event{}, false
	case e.Kind == EndSignIn && b == 0:
		return Event{Kind: SignInExpired, At: e.At, Action: ActSignIn}, before
	case e.Kind == EndServer && b == 0:
		return Event{}, false // it is untrusted then, which says more
	}
	action := ActOpen
	if e.Kind == EndSignIn {
		action = ActSignIn
	}
	return Event{Kind: Expires, Ends: e.Kind, Days: b, At: e.At, Action: action}, true
}

// learn notes that the person knows s, and reports whether that is new.
func (m *Memory) learn(s Sight, now time.Time) (changed bool) {
	if !s.seen() {
		return false
	}
	was := m.Registries[s.Registry]
	k := was.copy()
	k.learnState(s, now)
	if !s.Issuer.IsZero() && (!sameIssuer(k.Issuer, s.Issuer) || k.Issuer.Leaf != s.Issuer.Leaf) {
		k.Issuer = s.Issuer
	}
	k.learnEnds(s.Ends, now)
	m.Registries[s.Registry] = k
	return !reflect.DeepEqual(k, was)
}

func (k *known) copy() *known {
	if k == nil {
		return &known{}
	}
	c := *k
	c.Causes = maps.Clone(k.Causes)
	return &c
}

func (k *known) learnState(s Sight, now time.Time) {
	switch {
	case s.refused():
		if _, ok := k.Causes[s.cause()]; !ok && k.Trusted {
			if k.Causes == nil {
				k.Causes = map[string]time.Time{}
			}
			k.Causes[s.cause()] = now
		}
		k.Trusted = false
	case s.State == trust.Trusted:
		k.Trusted = true
		maps.DeleteFunc(k.Causes, func(_ string, at time.Time) bool { return now.Sub(at) > causeAge })
	}
}

// learnEnds keeps the buckets of what is still there: what was renewed has another
// ID and starts anew.
func (k *known) learnEnds(ends []End, now time.Time) {
	var next map[string]int
	for _, e := range ends {
		b := e.bucket(now)
		if told, ok := k.Ends[e.ID]; ok {
			b = min(b, told)
		}
		if b != notDue {
			if next == nil {
				next = map[string]int{}
			}
			next[e.ID] = b
		}
	}
	k.Ends = next
}

// cause names why a registry is not trusted: another certificate, or another
// reason, is another cause.
func (s Sight) cause() string { return string(s.Reason) + "@" + s.Issuer.Leaf.String() }
