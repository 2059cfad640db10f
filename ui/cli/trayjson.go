package cli

import (
	"time"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// The answer of `tray --once --json`.
type (
	jsonWatch struct {
		Schema    int           `json:"schema"`
		At        time.Time     `json:"at"`
		Mood      watch.Mood    `json:"mood"`
		Total     int           `json:"total"`
		Unreached int           `json:"unreached"`
		Attention []jsonTrouble `json:"attention"`
		Events    []jsonEvent   `json:"events"`
	}
	jsonTrouble struct {
		Registry string        `json:"registry"`
		Verdict  trust.State   `json:"verdict"`
		Reason   trust.Code    `json:"reason"`
		Ends     watch.EndKind `json:"ends"`
		Until    *time.Time    `json:"until"`
		Action   string        `json:"action"`
	}
	jsonEvent struct {
		Kind     watch.EventKind `json:"kind"`
		Registry string          `json:"registry"`
		Verdict  trust.State     `json:"verdict"`
		Reason   trust.Code      `json:"reason"`
		Ends     watch.EndKind   `json:"ends"`
		Days     *int            `json:"days"`
		At       *time.Time      `json:"at"`
		Action   string          `json:"action"`
		Title    string          `json:"title"`
		Detail   string          `json:"detail"`
	}
)

func watchJSON(out watch.Outcome, english *words.Words) jsonWatch {
	s := out.Status
	return jsonWatch{
		Schema: schema, At: s.At.UTC(), Mood: s.Mood, Total: s.Total, Unreached: s.Unreached,
		Attention: each(s.Trouble, func(t watch.Trouble) jsonTrouble {
			return jsonTrouble{t.Registry, t.State, t.Reason, t.Ends, optionalTime(t.Until), t.Action}
		}),
		Events: each(out.Events, func(e watch.Event) jsonEvent {
			j := jsonEvent{
				Kind: e.Kind, Registry: e.Registry.String(), Verdict: e.State, Reason: e.Reason,
				Ends: e.Ends, At: optionalTime(e.At), Action: e.Action,
			}
			if e.Kind == watch.Expires {
				j.Days = &e.Days
			}
			j.Title, j.Detail = english.Event(e)
			return j
		}),
	}
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
