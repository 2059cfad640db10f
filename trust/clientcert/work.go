package clientcert

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"mooring.dev/mooring/trust"
)

// maxWork bounds the iterations that all files of one [Read] may demand together,
// whether they open or not: OpenSSL does 2,048 for a key, password managers some
// 600,000. They take a few seconds.
const maxWork = 5_000_000

// spend takes iterations from what is left of the work. Nothing more is begun once
// the caller has gone.
func (g *gathered) spend(iterations int) error {
	if g.ctx.Err() != nil || iterations > g.work {
		return errCostly
	}
	g.work -= iterations
	return nil
}

// workIn adds up the iterations that a PKCS#12 file demands as far as it shows
// them: each is an INTEGER that follows an OCTET STRING, its salt, of which the
// library checks only the tag's number. More than anybody means ends in maxWork+1.
func workIn(der []byte, depth int) (sum int) {
	salted := false
	for len(der) > 0 && depth > 0 && sum <= maxWork {
		var e asn1.RawValue
		rest, err := asn1.Unmarshal(der, &e)
		if err != nil {
			return sum
		}
		der = rest
		octets := e.Tag == asn1.TagOctetString
		switch {
		case e.Class == asn1.ClassUniversal && e.Tag == asn1.TagInteger && salted:
			var n int64
			if _, err := asn1.Unmarshal(e.FullBytes, &n); err != nil || n > maxWork {
				return maxWork + 1
			}
			sum += max(int(n), 0)
		case e.IsCompound, octets:
			sum += workIn(e.Bytes, depth-1)
		}
		salted = octets
	}
	return min(sum, maxWork+1)
}

// maxDepth is how deep an honest PKCS#12 file nests, and some more.
const maxDepth = 24

// storeTime is how long a PKCS#12 file is waited for, and storeTurn lets one be
// opened at a time. Who knows the passphrase can hide a key within what is
// encrypted, and its iterations with it; the library does as many as it finds and
// cannot be stopped. Then it goes on alone, and no second one beside it.
var (
	storeTime = 20 * time.Second
	storeTurn = make(chan struct{}, 1)
)

// store is what a PKCS#12 file holds.
type store struct {
	key   any
	cert  *x509.Certificate
	chain []*x509.Certificate
	err   error
}

// openStore opens a PKCS#12 file, in bounded time.
func openStore(ctx context.Context, data []byte, passphrase trust.Secret) store {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	select {
	case storeTurn <- struct{}{}:
	case <-ctx.Done():
		return store{err: errCostly}
	}
	opened := make(chan store, 1)
	go func() {
		defer func() { <-storeTurn }()
		var s store
		s.key, s.cert, s.chain, s.err = pkcs12.DecodeChain(data, passphrase.Reveal())
		opened <- s
	}()
	select {
	case s := <-opened:
		return s
	case <-ctx.Done():
		return store{err: errCostly}
	}
}
