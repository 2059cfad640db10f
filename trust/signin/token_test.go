package signin

import (
	"encoding/base64"
	"fmt"
	"math"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// TestExpiry: what a token says of its end is taken only if it can be meant.
func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	const year = 365 * 24 * time.Hour
	for about, c := range map[string]struct {
		exp  int64
		want time.Duration // of life; 0: it does not say
	}{
		"five minutes":     {now.Add(5 * time.Minute).Unix(), 5 * time.Minute},
		"nine years":       {now.Add(9 * year).Unix(), 9 * year},
		"an hour ago":      {now.Add(-time.Hour).Unix(), -time.Hour}, // the clocks differ
		"milliseconds":     {now.Add(time.Hour).UnixMilli(), 0},
		"the year 10000":   {253402300800, 0},
		"a century":        {now.Add(100 * year).Unix(), 0},
		"last week":        {now.Add(-7 * 24 * time.Hour).Unix(), 0},
		"1970":             {1, 0},
		"none":             {0, 0},
		"before the epoch": {math.MinInt64, 0},
		"the last second":  {math.MaxInt64, 0},
	} {
		token := "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, c.exp)) + ".c2ln"
		want := time.Time{}
		if c.want != 0 {
			want = now.Add(c.want)
		}
		if got := expiry(ACR, trust.Credential{Secret: trust.NewSecret(token), Token: true}, now); !got.Equal(want) {
			t.Errorf("%s: ends %v, want %v", about, got, want)
		}
		if c.want == 0 {
			want = now.Add(12 * time.Hour) // as every password of ECR's
		}
		password := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"expiration":%d}`, c.exp))
		if got := expiry(ECR, trust.Credential{User: "AWS", Secret: trust.NewSecret(password)}, now); !got.Equal(want) {
			t.Errorf("%s, ECR: ends %v, want %v", about, got, want)
		}
	}
}
