package probe

import (
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe/probetest"
)

func init() { helper = probetest.Serve }

// BenchmarkProbe compares 100 probes, a handshake and a GET /v2/ each, with a bare
// loop over the same servers.
func BenchmarkProbe(b *testing.B) {
	regs := probetest.Registries(b, 100, probetest.Start(b))
	p := &Prober{Timeout: time.Minute, Proxy: Direct}
	probetest.Compare(b, regs, func() {
		p.All(b.Context(), regs, func(p trust.Probe) {
			if p.Endpoints[0].HTTP == nil {
				b.Errorf("%+v", p.Endpoints[0].Failure)
			}
		})
	})
}

// BenchmarkBlackHoles probes 1,000 registries of which every tenth never answers,
// and keeps all probes, as a report would.
func BenchmarkBlackHoles(b *testing.B) {
	regs := probetest.Registries(b, 1000, probetest.Start(b))
	dark := probetest.Registries(b, 1000, probetest.BlackHole(b))
	for i := 0; i < len(regs); i += 10 {
		regs[i] = dark[i]
	}
	p := &Prober{Proxy: Direct}
	var longest time.Duration
	probetest.ResetPeak(b)
	for b.Loop() {
		start, dead := time.Now(), 0
		kept := make([]trust.Probe, 0, len(regs))
		p.All(b.Context(), regs, func(p trust.Probe) {
			kept = append(kept, p)
			if p.Endpoints[0].Failure != nil {
				dead++
			}
		})
		if len(kept) != 1000 || dead != 100 {
			b.Fatalf("%d probes, %d failed", len(kept), dead)
		}
		longest = max(longest, time.Since(start))
	}
	b.ReportMetric((longest - DefaultTimeout).Seconds(), "s-over-timeout")
	b.ReportMetric(probetest.Peak(b), "peak-MB")
}
