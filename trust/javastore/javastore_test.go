package javastore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust/trusttest"
)

// emptyJKS is what keytool writes when the last entry is deleted.
func emptyJKS() []byte {
	return sealed([]byte{0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 0})
}

func emptyPKCS12(t testing.TB) []byte {
	t.Helper()
	data, err := wrapped(nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parsed(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func with(t testing.TB, data []byte, alias string, ca *trusttest.Cert) []byte {
	t.Helper()
	out, err := parsed(t, data).With(alias, ca.Cert, 1700000000000)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What is added can be read, and taking it away leaves the file as it was, to the
// byte, wherever in it the entry lies.
func TestAddAndRemove(t *testing.T) {
	a, b, c := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B"), trusttest.NewCA(t, "C")
	for format, empty := range map[Format][]byte{JKS: emptyJKS(), PKCS12: emptyPKCS12(t)} {
		one := with(t, empty, "debian:öne 𝄞", a)
		two := with(t, one, "mooring-2", b)
		three := with(t, two, "Three", c)
		f := parsed(t, three)
		var aliases []string
		for _, e := range f.Trusted {
			aliases = append(aliases, e.Alias)
		}
		if f.Format != format || !slices.Equal(aliases, []string{"debian:öne 𝄞", "mooring-2", "Three"}) {
			t.Errorf("%s: aliases %q", f.Format, aliases)
		}
		if !f.Trusted[1].Is(b.Cert) || f.Trusted[1].Is(a.Cert) || !slices.Equal(f.Aliases(c.Cert), []string{"Three"}) {
			t.Errorf("%s: other certificates", format)
		}
		without, err := f.Without(b.Cert)
		if err != nil || !bytes.Equal(without, with(t, one, "Three", c)) {
			t.Errorf("%s: the middle entry was not taken out alone: %v", format, err)
		}
		if back, err := parsed(t, two).Without(b.Cert); err != nil || !bytes.Equal(back, one) {
			t.Errorf("%s: not as it was: %v", format, err)
		}
		if same, err := f.Without(trusttest.NewCA(t, "D").Cert); err != nil || !bytes.Equal(same, three) {
			t.Errorf("%s: nothing was to be removed: %v", format, err)
		}
		if none, err := parsed(t, one).Without(a.Cert); err != nil || !bytes.Equal(none, empty) {
			t.Errorf("%s: not empty: %v", format, err)
		}
		twice := parsed(t, with(t, with(t, empty, "x", a), "y", a))
		if got := twice.Aliases(a.Cert); !slices.Equal(got, []string{"x", "y"}) {
			t.Errorf("%s: %v", format, got)
		}
		for _, bad := range []string{"", "THREE", "three", "a\x00b", "a\xffb", strings.Repeat("x", maxAlias+1)} {
			if _, err := f.With(bad, a.Cert, 0); err == nil {
				t.Errorf("%s: an entry named %.20q", format, bad)
			}
		}
	}
}

// What keytool writes can be read, added to and restored.
func TestKeytoolsFile(t *testing.T) {
	a, b := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B")
	data := trusttest.Keystore(a)
	f := parsed(t, data)
	if len(f.Trusted) != 1 || f.Trusted[0].Alias != "entry-0" || !f.Trusted[0].Is(a.Cert) {
		t.Fatalf("%+v", f.Trusted)
	}
	if back, err := parsed(t, with(t, data, "b", b)).Without(b.Cert); err != nil || !bytes.Equal(back, data) {
		t.Errorf("not as it was: %v", err)
	}
}

// A private key in a JKS file is passed over, and kept.
func TestKeyEntry(t *testing.T) {
	ca := trusttest.NewCA(t, "A")
	entry := binary.BigEndian.AppendUint32(nil, jksKey)
	entry = appendText(entry, "my key")
	entry = binary.BigEndian.AppendUint64(entry, 1)
	entry = append(entry, 0, 0, 0, 3, 'k', 'e', 'y', 0, 0, 0, 1)
	entry = appendText(entry, "X.509")
	entry = append(binary.BigEndian.AppendUint32(entry, uint32(len(ca.Cert.Raw))), ca.Cert.Raw...)
	data := sealed(append([]byte{0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 1}, entry...))
	f := parsed(t, data)
	if len(f.Trusted) != 0 || len(f.Aliases(ca.Cert)) != 0 {
		t.Errorf("a key's certificate is an anchor: %+v", f.Trusted)
	}
	if _, err := f.With("MY KEY", ca.Cert, 0); err == nil {
		t.Error("the key's name was given away")
	}
	added := with(t, data, "a", ca)
	if !bytes.Contains(added, entry) {
		t.Error("the key is gone")
	}
	if back, err := parsed(t, added).Without(ca.Cert); err != nil || !bytes.Equal(back, data) {
		t.Errorf("not as it was: %v", err)
	}
}

// A file under another password is read, as Java reads it, and never written.
func TestOtherPassword(t *testing.T) {
	ca := trusttest.NewCA(t, "A")
	data := with(t, emptyJKS(), "a", ca)
	data[len(data)-1] ^= 1
	f := parsed(t, data)
	if len(f.Trusted) != 1 {
		t.Fatal("Java reads it")
	}
	if _, err := f.With("b", ca.Cert, 0); !errors.Is(err, ErrPassword) {
		t.Errorf("added: %v", err)
	}
	if _, err := f.Without(ca.Cert); !errors.Is(err, ErrPassword) {
		t.Errorf("removed: %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	ca := trusttest.NewCA(t, "A")
	jks, p12 := with(t, emptyJKS(), "a", ca), with(t, emptyPKCS12(t), "a", ca)
	change := func(data []byte, at int, to ...byte) []byte {
		out := slices.Clone(data)
		copy(out[at:], to)
		return out
	}
	data := []byte{0xF7, 0x0D, 1, 7, 1} // the end of the type's name
	withMAC := slices.Clone(p12)
	withMAC = append(withMAC, 0x30, 0)
	binary.BigEndian.PutUint16(withMAC[2:], binary.BigEndian.Uint16(p12[2:])+2)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":             {nil, ErrFormat},
		"PEM":               {ca.PEM(), ErrFormat},
		"a certificate":     {ca.Cert.Raw, ErrFormat},
		"too large":         {make([]byte, MaxBytes+1), ErrTooLarge},
		"JKS cut":           {jks[:len(jks)-1], ErrDamaged},
		"JKS and more":      {append(slices.Clone(jks), 0), ErrDamaged},
		"JKS version":       {change(jks, 7, 1), ErrFormat},
		"JKS count":         {change(jks, 8, 0xFF, 0xFF, 0xFF, 0xFF), ErrDamaged},
		"JKS kind":          {change(jks, 15, 9), ErrDamaged},
		"JKS length":        {change(jks, 12+4+3+8+7, 0xFF, 0xFF, 0xFF, 0xFF), ErrDamaged},
		"PKCS#12 with MAC":  {withMAC, ErrProtected},
		"PKCS#12 cut":       {p12[:len(p12)-1], ErrFormat},
		"PKCS#12 version":   {change(p12, 6, 2), ErrFormat},
		"PKCS#12 signed":    {change(p12, bytes.Index(p12, data)+4, 2), ErrFormat},
		"PKCS#12 encrypted": {change(p12, bytes.LastIndex(p12, data)+4, 6), ErrProtected},
	} {
		if _, err := Parse(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	ca, other := trusttest.NewCA(f, "A"), trusttest.NewCA(f, "B")
	f.Add([]byte(nil))
	f.Add(emptyJKS())
	f.Add(emptyPKCS12(f))
	f.Add(with(f, emptyJKS(), "a", ca))
	f.Add(with(f, emptyPKCS12(f), "a", ca))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if file != nil {
				t.Fatal("a file and an error")
			}
			return
		}
		added, err := file.With("mooring-0123456789abcdef", other.Cert, 0)
		if err != nil {
			return
		}
		again, err := Parse(added)
		if err != nil || len(again.Trusted) != len(file.Trusted)+1 || !again.Trusted[len(file.Trusted)].Is(other.Cert) {
			t.Fatalf("what was added cannot be read: %v", err)
		}
		for i, e := range file.Trusted {
			if e.Alias != again.Trusted[i].Alias || !bytes.Equal(e.DER, again.Trusted[i].DER) {
				t.Fatal("another entry changed")
			}
		}
	})
}
