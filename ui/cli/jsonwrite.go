package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
)

// encode returns v as one line of JSON. Characters that a terminal would obey or
// that hide in text (C1 controls, bidirectional and zero-width formatting) are
// escaped: encoding/json leaves all but U+2028 and U+2029 above ASCII as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeHidden(bytes.TrimRight(b.Bytes(), "\n")), nil
}

func escapeHidden(in []byte) []byte {
	if ascii(in) || !bytes.ContainsFunc(in, hidden) {
		return in
	}
	var out bytes.Buffer
	for _, r := range string(in) {
		switch {
		case !hidden(r):
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// ascii reports whether in is printable ASCII, which nearly all answers are.
func ascii(in []byte) bool {
	for _, b := range in {
		if b > 0x7e {
			return false
		}
	}
	return true
}

// hidden characters stand inside strings only: JSON's own syntax is ASCII.
func hidden(r rune) bool { return r > 0x7e && !unicode.IsPrint(r) }

// answer writes v as the JSON answer of a verb.
func (a *app) answer(v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	_, err = a.std.Out.Write(append(b, '\n'))
	return err
}

// jsonList writes {"schema":1,"<name>":[…]} an element at a time: a report on a
// thousand registries is never held as a whole.
type jsonList struct {
	w     io.Writer
	name  string
	count int
	err   error
}

func (l *jsonList) add(element []byte) {
	lead := ",\n"
	if l.count == 0 {
		lead = l.head()
	}
	l.count++
	l.write(lead)
	l.write(string(element))
}

func (l *jsonList) head() string { return fmt.Sprintf(`{"schema":%d,%q:[`, schema, l.name) + "\n" }

func (l *jsonList) close() error {
	if l.count == 0 {
		l.write(fmt.Sprintf(`{"schema":%d,%q:[]}`, schema, l.name) + "\n")
	} else {
		l.write("]}\n")
	}
	return l.err
}

func (l *jsonList) write(s string) {
	if l.err == nil {
		_, l.err = io.WriteString(l.w, s)
	}
}

// answerList writes a whole list.
func answerList[T any](a *app, name string, elements []T) error {
	l := jsonList{w: a.std.Out, name: name}
	for _, e := range elements {
		b, err := encode(e)
		if err != nil {
			return err
		}
		l.add(b)
	}
	return l.close()
}
