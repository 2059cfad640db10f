//go:build !nogui

package window

import (
	"sync"
	"time"
)

// batchEvery is how often a check of many registries redraws the list, or a catalogue
// that is being read. A person reads no faster, and a thousand redraws would keep the
// window from input.
const batchEvery = 120 * time.Millisecond

// batch collects results on a worker and hands them over in lots.
type batch[T any] struct {
	mu      sync.Mutex
	results []T
	waiting bool
	deliver func([]T) // on the UI goroutine
	post    func(func())
}

func newBatch[T any](post func(func()), deliver func([]T)) *batch[T] {
	return &batch[T]{post: post, deliver: deliver}
}

// add takes a result on the worker's goroutine. The first of a lot goes through
// at once: checking one registry must not wait.
func (b *batch[T]) add(r T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = append(b.results, r)
	if b.waiting {
		return
	}
	b.waiting = true
	b.post(b.hand)
	time.AfterFunc(batchEvery, b.again)
}

// again ends the pause after a lot, and hands over what came meanwhile.
func (b *batch[T]) again() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	if len(b.results) > 0 {
		b.waiting = true
		b.post(b.hand)
		time.AfterFunc(batchEvery, b.again)
	}
}

// hand delivers what has been collected.
func (b *batch[T]) hand() {
	b.mu.Lock()
	results := b.results
	b.results = nil
	b.mu.Unlock()
	if len(results) > 0 {
		b.deliver(results)
	}
}
