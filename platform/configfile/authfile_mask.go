package configfile

import (
	"bytes"

	"github.com/tailscale/hujson"
)

// Mask is content without anything that may be a secret: it says what is there and
// how it is written, and neither a password nor its length can be guessed from it,
// nor from its hash. Every text and number is a secret but the names of credential
// helpers: HTTP headers and proxies hold passwords, too. That one is empty shows.
//
// Contents with the same mask take the same edits: what [AuthFile.Edit] gives as
// reverse fits each of them.
func (AuthFile) Mask(content []byte) ([]byte, error) {
	mark, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		return nil, err
	}
	return append(bytes.Clone(mark), doc.masked().text...), nil
}

// masked is a text without its secrets. Places in it are given back as places in
// the file.
type masked struct {
	text   []byte
	hidden []hiding // in their order
}

// hiding is where a secret was: from, to in the file, and at, end in the mask.
type hiding struct{ from, to, at, end int }

func (d authFile) masked() masked {
	var m masked
	done := 0
	for _, v := range d.secrets() {
		m.text = append(m.text, d.text[done:v.StartOffset]...)
		at, dummy := len(m.text), `"*"`
		if v.Value.Kind() != '"' {
			dummy = "0"
		}
		m.text = append(m.text, dummy...)
		m.hidden = append(m.hidden, hiding{v.StartOffset, v.EndOffset, at, len(m.text)})
		done = v.EndOffset
	}
	m.text = append(m.text, d.text[done:]...)
	return m
}

// inFile is the place in the file for one in the mask; ok is false for one that is
// not in the mask, or within a secret.
func (m masked) inFile(at int) (place int, ok bool) {
	place = at
	for _, h := range m.hidden {
		if h.at >= at {
			break
		}
		if at < h.end {
			return 0, false
		}
		place = h.to + at - h.end
	}
	return place, at >= 0 && at <= len(m.text)
}

// inMask is the place in the mask for one in the file that is not within a secret.
func (m masked) inMask(at int) int {
	place := at
	for _, h := range m.hidden {
		if h.to > at {
			break
		}
		place = h.end + at - h.to
	}
	return place
}

// secrets lists the values that may be secrets, in the order of the text.
func (d authFile) secrets() []*hujson.Value {
	var out []*hujson.Value
	var walk func(v *hujson.Value, key []string)
	walk = func(v *hujson.Value, key []string) {
		switch x := v.Value.(type) {
		case *hujson.Object:
			for i := range x.Members {
				walk(&x.Members[i].Value, deeper(key, nameOf(&x.Members[i])))
			}
		case *hujson.Array:
			for i := range x.Elements {
				walk(&x.Elements[i], deeper(key, ""))
			}
		case hujson.Literal:
			text := x.Kind() == '"' && !bytes.Equal(x, []byte(`""`))
			if (text || x.Kind() == '0') && !harmless(key) {
				out = append(out, v)
			}
		}
	}
	if d.root != nil {
		walk(d.root, nil)
	}
	return out
}
