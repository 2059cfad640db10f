//go:build integration

package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// asking makes this binary ask its session's keyring: each question is a process of
// its own, as the library has one connection for all time.
const asking = "ask-keyring"

// answer is what the keyring said.
type answer struct {
	State   keyring.State // "" for success
	Err     string
	User    string
	Token   bool
	Same    bool // the secret is the one that was expected
	Elapsed time.Duration
}

// question is one call, with a time-out of its own unless Limit is 0.
type question struct {
	Do     string // check, set, get, delete
	Key    string
	User   string
	Secret string // to set, or expected
	Token  bool
	Limit  time.Duration
}

// ask puts questions to the session's keyring, from one process.
func ask(t *testing.T, s *lab.Session, questions ...question) []answer {
	t.Helper()
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	out := s.Feed(string(in), "/proc/self/exe", asking)
	var got []answer
	if err := json.Unmarshal([]byte(out.Stdout), &got); err != nil || len(got) != len(questions) {
		t.Fatalf("asking: status %d, %v\n%s", out.Code, err, out.Text())
	}
	return got
}

func askKeyring([]string) int {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out []answer
	for _, q := range questions {
		out = append(out, q.put(world.Here()))
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return 1
	}
	return 0
}

func (q question) put(w world.World) (a answer) {
	ctx := context.Background()
	if q.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.Limit)
		defer cancel()
	}
	ring, start := keyring.System(w), time.Now()
	var err error
	switch q.Do {
	case "check":
		err = keyring.Check(ctx, w)
	case "set":
		err = ring.Set(ctx, q.Key, trust.Credential{User: q.User, Secret: trust.NewSecret(q.Secret), Token: q.Token})
	case "get":
		var c trust.Credential
		c, err = ring.Get(ctx, q.Key)
		a.User, a.Token, a.Same = c.User, c.Token, c.Secret.Reveal() == q.Secret
	case "delete":
		err = ring.Delete(ctx, q.Key)
	}
	a.Elapsed = time.Since(start)
	if err != nil {
		a.Err, a.State = err.Error(), keyring.Failed
		var e *keyring.Error
		if errors.As(err, &e) {
			a.State = e.State
		}
	}
	return a
}
