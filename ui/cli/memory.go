package cli

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// heapFloor is how much memory a check takes before any garbage is collected.
const heapFloor = 40 << 20

// lazyGC puts the first garbage collection off until the process has heapFloor in
// use; from then on it collects as Go does by default. A check of a hundred
// registries is over by then: collecting a heap of 4 MB again and again took a
// tenth of its time. A memory limit that stays would not do: with more reports
// than fit below it, the collector would never rest.
var lazyGC = sync.OnceFunc(func() {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(heapFloor)
	garbage := new([64]byte)
	runtime.AddCleanup(garbage, func(struct{}) { // runs after the first collection
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}, struct{}{})
})
