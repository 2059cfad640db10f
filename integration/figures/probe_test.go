//go:build linux

package figures

import (
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
)

// BenchmarkProbe compares 100 probes, a handshake and a GET /v2/ each, with the
// bare loop.
func BenchmarkProbe(b *testing.B) {
	f := start(b)
	all := f.addresses(100)
	regs := registries(b, all)
	p := &probe.Prober{Timeout: time.Minute, Proxy: probe.Direct}
	compare(b, f, all, func() time.Duration {
		before := cpu(b)
		p.All(b.Context(), regs, func(p trust.Probe) {
			if p.Endpoints[0].HTTP == nil {
				b.Errorf("%+v", p.Endpoints[0].Failure)
			}
		})
		return cpu(b) - before
	})
}

// BenchmarkProbeBlackHoles probes 1,000 registries of which every tenth never
// answers, and keeps all probes, as a report would.
func BenchmarkProbeBlackHoles(b *testing.B) {
	all := start(b).addresses(1000)
	want := blackHoles(b, all)
	regs := registries(b, all)
	p := &probe.Prober{Proxy: probe.Direct}
	var longest time.Duration
	resetPeak(b)
	for b.Loop() {
		began, dead := time.Now(), 0
		kept := make([]trust.Probe, 0, len(regs))
		p.All(b.Context(), regs, func(p trust.Probe) {
			kept = append(kept, p)
			if p.Endpoints[0].Failure != nil {
				dead++
			}
		})
		if len(kept) != len(regs) || dead != want {
			b.Fatalf("%d probes, %d failed", len(kept), dead)
		}
		longest = max(longest, time.Since(began))
	}
	b.ReportMetric((longest - probe.DefaultTimeout).Seconds(), "s-over-timeout")
	b.ReportMetric(peak(b), "peak-MB")
}
