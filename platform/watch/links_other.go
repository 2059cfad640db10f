//go:build !linux

package watch

import (
	"context"
	"time"
)

// linksEvery is how often a system that does not tell is asked for its addresses,
// which costs it microseconds.
const linksEvery = time.Minute

// links calls changed now and then, until ctx ends.
func links(ctx context.Context, changed func()) {
	tick := time.NewTicker(linksEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			changed()
		}
	}
}
