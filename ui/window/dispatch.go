//go:build !nogui

package window

import (
	"context"
	"sync"

	"fyne.io/fyne/v2"
)

// dispatcher is the seam between the background and the user interface. All
// widgets and view state belong to the UI goroutine; workers reach it by post.
type dispatcher struct {
	ctx     context.Context // ends with the window
	workers sync.WaitGroup
	// ui runs f on the UI goroutine, later and in order; fyne.Do in production.
	ui func(f func())
}

func newDispatcher(ctx context.Context) *dispatcher {
	return &dispatcher{ctx: ctx, ui: fyne.Do}
}

// post runs f on the UI goroutine unless the window is gone. Fyne runs what comes
// after its end on the caller's goroutine, so that case must be dropped here.
func (d *dispatcher) post(f func()) {
	if d.ctx.Err() != nil {
		return
	}
	d.ui(func() {
		if d.ctx.Err() == nil {
			f()
		}
	})
}

// spawn runs work in the background; wait waits for all of it.
func (d *dispatcher) spawn(work func()) {
	d.workers.Add(1)
	go func() {
		defer d.workers.Done()
		work()
	}()
}

func (d *dispatcher) wait() { d.workers.Wait() }

// job is a place for one piece of work in flight. Starting another, or leaving,
// cancels the one before, and what it still brings is dropped.
type job struct {
	d       *dispatcher
	cancel  context.CancelFunc
	current int
	running bool
}

func (d *dispatcher) newJob() *job { return &job{d: d} }

// start runs work in the background. What work returns, and what it posts, runs
// on the UI goroutine while this job is still the current one. Call it on the UI
// goroutine.
func (j *job) start(work func(ctx context.Context, post func(func())) (done func())) {
	j.stop()
	ctx, cancel := context.WithCancel(j.d.ctx)
	j.current++
	mine := j.current
	j.cancel, j.running = cancel, true
	post := func(f func()) {
		j.d.post(func() {
			if mine == j.current {
				f()
			}
		})
	}
	j.d.spawn(func() {
		defer cancel()
		done := work(ctx, post)
		post(func() {
			j.running = false
			if done != nil {
				done()
			}
		})
	})
}

// stop cancels the work in flight and drops what it brings.
func (j *job) stop() {
	j.current++
	j.running = false
	if j.cancel != nil {
		j.cancel()
		j.cancel = nil
	}
}

// busy reports whether work is in flight.
func (j *job) busy() bool { return j.running }
