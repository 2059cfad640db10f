package clientcert

import (
	"context"
	"encoding/asn1"
	"encoding/pem"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// demanding is a locked key of testdata that demands n iterations.
func demanding(t *testing.T, n int) []byte {
	t.Helper()
	b, _ := pem.Decode(stored(t, "locked-hmacWithSHA256.pem")[0].Data)
	var k lockedKey
	var p pbes2
	var kdf pbkdf2Params
	must(t, unmarshal(b.Bytes, &k))
	must(t, unmarshal(k.Algorithm.Parameters.FullBytes, &p))
	must(t, unmarshal(p.KDF.Parameters.FullBytes, &kdf))
	kdf.Iterations = n
	p.KDF.Parameters.FullBytes = marshal(t, kdf)
	k.Algorithm.Parameters.FullBytes = marshal(t, p)
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: marshal(t, k)})
}

// reader is what Read gathers with, so that the work it did can be seen.
func reader(ctx context.Context, secret string) *gathered {
	return &gathered{ctx: ctx, passphrase: trust.NewSecret(secret), work: maxWork}
}

// TestHostileCosts: files may not demand more work than anybody means, neither one
// nor all together, and keys that do not open count as well.
func TestHostileCosts(t *testing.T) {
	r := Read(t.Context(), []File{{"k", demanding(t, 1<<30)}}, trust.NewSecret(passphrase))
	if codes(r.Problems) != "key-encrypted.unsupported!" {
		t.Error(codes(r.Problems))
	}
	var many []byte
	for range 3 {
		many = append(many, demanding(t, maxWork/100)...)
	}
	g := reader(t.Context(), "wrong")
	g.file(File{"first", many})
	g.file(File{"second", many})
	if spent := maxWork - g.work; spent != 6*maxWork/100 {
		t.Errorf("%d iterations counted for six keys that do not open", spent)
	}
	g.work = maxWork / 200
	g.file(File{"third", many})
	if last := g.problems[len(g.problems)-1]; g.work != maxWork/200 || last.File != "third" || last.Variant != UnsupportedCipher {
		t.Errorf("beyond the bound: %d left, %+v", g.work, last)
	}
	var small []byte
	for range 2 * maxKeys {
		small = append(small, demanding(t, 1)...)
	}
	g = reader(t.Context(), "wrong")
	if g.file(File{"small", small}); maxWork-g.work != maxKeys {
		t.Errorf("%d keys of one file were tried", maxWork-g.work)
	}
}

// TestReadIsCancelled: nothing is opened for who has gone.
func TestReadIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := reader(ctx, passphrase)
	for _, f := range append(stored(t, "modern.p12", "locked.der"), File{"k", demanding(t, 2048)}) {
		g.file(f)
	}
	if len(g.keys) != 0 || g.work != maxWork {
		t.Errorf("%d keys opened, %d iterations", len(g.keys), maxWork-g.work)
	}
}

// TestWorkOfStore counts what PKCS#12 files show, however a salt is tagged.
func TestWorkOfStore(t *testing.T) {
	if n := workIn(stored(t, "modern.p12")[0].Data, maxDepth); n < 2048 || n > 10_000 {
		t.Errorf("OpenSSL's own file: %d iterations", n)
	}
	type params struct {
		Salt asn1.RawValue
		N    int
	}
	universal := asn1.RawValue{Tag: asn1.TagOctetString, Bytes: []byte("salt")}
	private := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: asn1.TagOctetString, Bytes: []byte("salt")}
	for _, salt := range []asn1.RawValue{universal, private} {
		if n := workIn(marshal(t, params{salt, 77}), maxDepth); n != 77 {
			t.Errorf("%d of 77 iterations seen", n)
		}
		if n := workIn(marshal(t, []params{{salt, maxWork}, {salt, maxWork}}), maxDepth); n != maxWork+1 {
			t.Errorf("a huge count is taken for %d", n)
		}
		if n := workIn(marshal(t, params{salt, 1 << 40}), maxDepth); n != maxWork+1 {
			t.Errorf("a huge count is taken for %d", n)
		}
	}
}

// TestStoreTakesForEver: a file that hides its work is waited for, but not for
// ever, and no other is opened while it goes on.
func TestStoreTakesForEver(t *testing.T) {
	before := storeTime
	t.Cleanup(func() { storeTime = before })
	storeTime = time.Millisecond
	storeTurn <- struct{}{} // as one does that goes on
	data := stored(t, "modern.p12")[0].Data
	r := Read(t.Context(), []File{{"p12", data}}, trust.NewSecret(passphrase))
	if r.Pair != nil || codes(r.Problems) != "key-encrypted.unsupported!" {
		t.Errorf("%v, %s", r.Pair, codes(r.Problems))
	}
	<-storeTurn
	storeTime = before
	if r := Read(t.Context(), []File{{"p12", data}}, trust.NewSecret(passphrase)); r.Pair == nil {
		t.Error(codes(r.Problems))
	}
}
