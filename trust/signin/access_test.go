package signin_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

// A body that does not come, or comes a byte now and then, is not waited for.
func TestSlowBody(t *testing.T) {
	const long = time.Hour
	for name, c := range map[string]struct {
		idle, whole time.Duration
		trickle     bool
	}{
		"nothing comes": {20 * time.Millisecond, long, false},
		"a trickle":     {long, 50 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			l.Serve(regAt, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v2/" {
					w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
					return
				}
				fmt.Fprint(w, "{")
				for r.Context().Err() == nil {
					if c.trickle {
						fmt.Fprint(w, " ")
					}
					_ = http.NewResponseController(w).Flush()
					select {
					case <-r.Context().Done():
					case <-time.After(time.Millisecond):
					}
				}
			}))
			a := l.Access(regName)
			a.SetPatience(c.idle, c.whole)
			_, err := a.Session(trust.Credential{}).Do(t.Context(), signin.Request{Method: http.MethodGet, Target: "/v2/_catalog"})
			var refused *signin.Refusal
			if !errors.As(err, &refused) || refused.Why != signin.BadAnswer || !strings.Contains(refused.Text, "slowly") {
				t.Errorf("%+v, %v", refused, err)
			}
		})
	}
}

// A redirect may repeat the secret in its path and in its host.
func TestRedirectRepeatsTheSecret(t *testing.T) {
	const secret = "hunter2-secret!"
	pair := base64.StdEncoding.EncodeToString([]byte("alice:" + secret))
	for _, to := range []string{
		"https://" + regName + "/login/" + secret, "https://thief.example/" + pair, "https://thief.example/" + url.PathEscape(secret) + "/x",
		"https://" + secret + ".thief.example/", "http://thief.example/%68unter2-secret!", "/login/" + secret,
	} {
		l := signintest.NewLab(t)
		l.Serve(regAt, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				challenge(w, `Basic realm="lab"`)
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		_, err := l.Access(regName).SignIn(t.Context(), trust.Credential{User: "alice", Secret: trust.NewSecret(secret)})
		var refused *signin.Refusal
		if !errors.As(err, &refused) || refused.Status != http.StatusTemporaryRedirect {
			t.Errorf("%s: %v", to, err)
			continue
		}
		for _, form := range []string{secret, pair, url.PathEscape(secret)} {
			if text := fmt.Sprintf("%+v %v", *refused, err); strings.Contains(text, form) {
				t.Errorf("%s: the refusal holds the secret: %s", to, text)
			}
		}
	}
}
