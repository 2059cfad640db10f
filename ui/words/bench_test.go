package words

import (
	"testing"

	"mooring.dev/mooring/trust"
)

func BenchmarkT(b *testing.B) {
	w := New(English)
	for b.Loop() {
		w.T("summary.refused", map[string]any{"registry": "reg.example:5000", "parties": "Docker", "reason": "x"})
	}
}

func BenchmarkPlain(b *testing.B) {
	w := New(English)
	for b.Loop() {
		w.T("state.refused", nil)
	}
}

func BenchmarkFinding(b *testing.B) {
	w := New(English)
	f := trust.Finding{Code: trust.UnknownAuthority, Args: map[string]string{"subject": "s", "host": "h", "registry": "r", "issuer": "i", "parties": "docker, podman"}}
	for b.Loop() {
		w.Finding(f)
	}
}
