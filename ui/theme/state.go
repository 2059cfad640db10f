//go:build !nogui

package theme

import "fyne.io/fyne/v2"

// State is how something stands, told by shape, word and colour together; this
// package knows the shape and the colours.
type State string

// The states that are drawn.
const (
	Trusted   State = "trusted"   // disc with tick
	Attention State = "attention" // triangle with !
	Refused   State = "refused"   // octagon with cross
	Insecure  State = "insecure"  // hollow, half-filled shield
	Unknown   State = "unknown"   // dashed ring: unknown, not reached, not in scope
	Checking  State = "checking"  // dashed ring with dots: an answer is on its way
)

// States lists all of them.
func States() []State {
	return []State{Trusted, Attention, Refused, Insecure, Unknown, Checking}
}

type stateLook struct {
	icon       IconName
	fore, back fyne.ThemeColorName
}

var stateLooks = map[State]stateLook{
	Trusted:   {"state-trusted", ColorTrusted, ColorTrustedBack},
	Attention: {"state-attention", ColorAttention, ColorAttentionBack},
	Refused:   {"state-refused", ColorRefused, ColorRefusedBack},
	Insecure:  {"state-insecure", ColorAttention, ColorAttentionBack},
	Unknown:   {"state-unknown", ColorUnknown, ColorUnknownBack},
	Checking:  {"state-checking", ColorUnknown, ColorUnknownBack},
}

// look falls back to Unknown: what was not judged must never look trusted.
func (s State) look() stateLook {
	if l, ok := stateLooks[s]; ok {
		return l
	}
	return stateLooks[Unknown]
}

// Icon is the state's shape in its colour.
func (s State) Icon() fyne.Resource { return Icon(s.look().icon, s.look().fore) }

// Color is the colour of the state's words.
func (s State) Color() fyne.ThemeColorName { return s.look().fore }

// Back is the colour behind them.
func (s State) Back() fyne.ThemeColorName { return s.look().back }
