//go:build !nogui

package window

import (
	"sync"
	"time"

	"mooring.dev/mooring/trust"
)

// batchEvery is how often a check of many registries redraws the list. A person
// reads no faster, and a thousand redraws would keep the window from input.
const batchEvery = 120 * time.Millisecond

// batch collects reports on a worker and hands them over in lots.
type batch struct {
	mu      sync.Mutex
	reports []trust.Report
	waiting bool
	deliver func([]trust.Report) // on the UI goroutine
	post    func(func())
}

func newBatch(post func(func()), deliver func([]trust.Report)) *batch {
	return &batch{post: post, deliver: deliver}
}

// add takes a report on the worker's goroutine. The first of a lot goes through
// at once: checking one registry must not wait.
func (b *batch) add(r trust.Report) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reports = append(b.reports, r)
	if b.waiting {
		return
	}
	b.waiting = true
	b.post(b.hand)
	time.AfterFunc(batchEvery, b.again)
}

// again ends the pause after a lot, and hands over what came meanwhile.
func (b *batch) again() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	if len(b.reports) > 0 {
		b.waiting = true
		b.post(b.hand)
		time.AfterFunc(batchEvery, b.again)
	}
}

// hand delivers what has been collected.
func (b *batch) hand() {
	b.mu.Lock()
	reports := b.reports
	b.reports = nil
	b.mu.Unlock()
	if len(reports) > 0 {
		b.deliver(reports)
	}
}
