package probe

import (
	"context"
	"math"
	"net"
	"net/http"
	"time"

	"mooring.dev/mooring/trust"
)

// Connect opens a connection to address (host:port), which has role for the registry
// of which first was seen, on the same way as a probe of it would take: with the
// Prober's dialer, through a proxy if one is set, and as [Prober.Follow] only to
// where that registry may send its clients, whatever the name leads to by now. It
// only connects; TLS and what is sent are the caller's, and no bound but the Timeout
// of connecting applies.
func (p *Prober) Connect(ctx context.Context, first trust.Endpoint, role trust.Role, address string) (net.Conn, error) {
	t, err := targetOf(role, address)
	if err != nil {
		return nil, err
	}
	if role != trust.RoleRegistry {
		t.guard = &guard{host: first.Host, at: placeOf(first), role: role, verified: true}
	}
	v := p.visitor()
	v.most = math.MaxInt
	v.begin()
	conn, err := v.open(ctx, t, new(trust.Endpoint))
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
}

// Follow looks at the token server that a registry names, first being what was seen
// of the registry. The caller has judged first's certificate, and got the realm over
// a connection verified by it: then, and only behind a proxy, which knows no places,
// the server may be anywhere.
func (p *Prober) Follow(ctx context.Context, first trust.Endpoint, realm string) trust.Endpoint {
	v := p.visitor()
	v.begin()
	return v.refer(ctx, first, reference{role: trust.RoleToken, url: realm, verified: true})
}

// ChallengeOf reads how the server of an answer wants to be signed in to. A
// realm is without the user and password that an URL may hold.
func ChallengeOf(resp *http.Response) trust.Challenge { return challengeOf(resp) }

// FailureOf puts an error of connecting under the code that a person can act on,
// with its words made fit to be shown.
func FailureOf(err error) *trust.Failure { return classify(err) }

// Printable is s, bounded to n bytes, without what could fool a terminal or a
// reader. Those it takes out leave no gap.
func Printable(s string, n int) string { return printable(s, n) }
