package cli

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// Garbage is collected as ever once the first collection was made.
func TestLazyGC(t *testing.T) {
	now := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	read := func() (percent, limit uint64) {
		metrics.Read(now)
		return now[0].Value.Uint64(), now[1].Value.Uint64()
	}
	lazyGC()
	lazyGC() // again, as a test does that runs several checks: it must not take its own setting for the default
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		runtime.GC()
		if percent, limit := read(); percent == 100 && limit > 1<<40 {
			return
		} else if time.Now().After(end) {
			t.Fatalf("GOGC is %d, the limit %d", percent, limit)
		}
	}
}
