package platform

import (
	"slices"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// TestWaiting goes through receipts of one restart and times at which the engine was
// started.
func TestWaiting(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	docker := trust.Restart{Party: trust.Docker, Name: "docker", Engine: trust.EngineDocker}
	claimed := docker
	claimed.Command = "rm -rf /"
	applied := func(hour int, reg string, rs ...trust.Restart) trust.Receipt {
		return trust.Receipt{State: trust.ReceiptApplied, At: at(hour), Registries: []string{reg}, Restarts: rs}
	}
	undone := func(done, hour int, reg string) trust.Receipt {
		r := applied(done, reg, docker)
		when := at(hour)
		r.State, r.UndoneAt = trust.ReceiptUndone, &when
		return r
	}
	for name, c := range map[string]struct {
		receipts []trust.Receipt
		started  time.Time
		stopped  bool
		want     []WaitingRestart
	}{
		"nothing was done":                {nil, at(1), false, nil},
		"started before":                  {[]trust.Receipt{applied(2, "a", claimed)}, at(1), false, []WaitingRestart{{docker, []string{"a"}, at(2), false}}},
		"started since":                   {[]trust.Receipt{applied(2, "a", docker)}, at(3), false, nil},
		"cannot be seen":                  {[]trust.Receipt{applied(2, "a", docker)}, time.Time{}, false, []WaitingRestart{{docker, []string{"a"}, at(2), true}}},
		"does not run":                    {[]trust.Receipt{applied(2, "a", docker)}, time.Time{}, true, nil},
		"two changes, each once":          {[]trust.Receipt{applied(4, "b", docker), applied(2, "a", docker, docker)}, at(1), false, []WaitingRestart{{docker, []string{"b", "a"}, at(4), false}}},
		"one of two":                      {[]trust.Receipt{applied(4, "b", docker), applied(2, "a", docker)}, at(3), false, []WaitingRestart{{docker, []string{"b"}, at(4), false}}},
		"undone, and it had seen it":      {[]trust.Receipt{undone(2, 4, "a")}, at(3), false, []WaitingRestart{{docker, []string{"a"}, at(4), false}}},
		"undone, and read who knows when": {[]trust.Receipt{undone(2, 4, "a")}, at(1), false, []WaitingRestart{{docker, []string{"a"}, at(4), true}}},
		"that, and one surely not seen":   {[]trust.Receipt{undone(2, 4, "a"), applied(2, "b", docker)}, at(1), false, []WaitingRestart{{docker, []string{"a", "b"}, at(4), false}}},
		"undone, and started since":       {[]trust.Receipt{undone(2, 4, "a")}, at(5), false, nil},
		"rolled back":                     {[]trust.Receipt{{State: trust.ReceiptFailed, At: at(2), Restarts: []trust.Restart{docker}}}, at(1), false, nil},
		"not ours to restart":             {[]trust.Receipt{applied(2, "a", trust.Restart{Name: "k3s", Command: "reboot"})}, at(1), false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := waiting(c.receipts, func(trust.Engine) (time.Time, bool) { return c.started, !c.stopped },
				func(r trust.Restart) trust.Restart {
					if r.Engine != trust.EngineDocker {
						return trust.Restart{}
					}
					return docker
				})
			if !slices.EqualFunc(got, c.want, func(a, b WaitingRestart) bool {
				return a.Restart == b.Restart && slices.Equal(a.Registries, b.Registries) && a.Since.Equal(b.Since) && a.Unsure == b.Unsure
			}) {
				t.Errorf("%+v", got)
			}
		})
	}
}
