package words

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// The arguments of findings are codes and RFC 3339; people read names and dates.
func TestFindingArguments(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	f := trust.Finding{
		Code: trust.StaleAnchor, Path: "/etc/docker/certs.d/reg/ca.crt",
		Args: map[string]string{
			"subject": "Corp Root CA", "host": "reg", "parties": "docker, docker-build",
			"source": "file:/etc/docker/certs.d/reg/ca.crt",
		},
	}
	w := Strict(English, func(lang, key string) { t.Errorf("%s lacks %s", lang, key) })
	_, detail, _ := w.Finding(f)
	for _, want := range []string{"Corp Root CA", "(file /etc/docker/certs.d/reg/ca.crt)", "Docker and Docker build"} {
		if !strings.Contains(detail, want) {
			t.Errorf("%q lacks %q", detail, want)
		}
	}
	_, detail, _ = w.Finding(trust.Finding{
		Code: trust.Expired, Args: map[string]string{"subject": "reg", "host": "reg", "notAfter": at.Format(time.RFC3339)},
	})
	if want := w.Moment(at); !strings.Contains(detail, want) || strings.Contains(detail, "T12") {
		t.Errorf("%q lacks %q", detail, want)
	}
}

func TestFindingVariant(t *testing.T) {
	w := New(English)
	f := trust.Finding{Code: trust.KeyPermissions, Path: "/k", Args: map[string]string{"text": "open /k: permission denied", "host": "h"}}
	_, plain, _ := w.Finding(f)
	title, own, _ := w.Finding(trust.Finding{Code: f.Code, Path: f.Path, Args: f.Args, Variant: "unreadable"})
	if plain == own || !strings.Contains(own, "permission denied") || title == "" {
		t.Errorf("%q, %q, %q", plain, title, own)
	}
	if _, unknown, _ := w.Finding(trust.Finding{Code: f.Code, Path: f.Path, Args: f.Args, Variant: "new"}); unknown != plain {
		t.Errorf("an unknown variant says %q", unknown)
	}
}
