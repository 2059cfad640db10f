package configfile

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// style is how the members of one object are written.
type style struct {
	line   string // the line end between members; "" when all are on one line
	member string // indentation of the members
	close  string // indentation of the closing brace
	unit   string // what one level more is indented by
	gap    string // between members on one line
	colon  string
}

// outermost is the style around the whole file: docker's own, json.MarshalIndent
// with tabs (docker/cli configfile.SaveToWriter, containers/image
// pkg/docker/config modifyJSON).
func (d authFile) outermost() style {
	s := style{line: "\n", unit: "\t", colon: ": "}
	if bytes.Contains(d.text, []byte("\r\n")) {
		s.line = "\r\n"
	}
	return s
}

// inner is the style of an object within one of style s that has nothing to go by.
func (s style) inner() style {
	s.close, s.member = s.member, s.member+s.unit
	return s
}

// of is the style of obj, a value in an object of style s.
func (s style) of(obj *hujson.Object) style {
	s = s.inner()
	if len(obj.Members) == 0 {
		return s
	}
	last := obj.Members[len(obj.Members)-1]
	lead := string(last.Name.BeforeExtra)
	before := string(last.Value.BeforeExtra)
	if !strings.ContainsAny(before, "\r\n") {
		s.colon = string(last.Name.AfterExtra) + ":" + before
	}
	at := strings.LastIndexByte(lead, '\n')
	if at < 0 {
		s.line, s.gap = "", lead
		if len(obj.Members) == 1 && lead == "" {
			s.gap = strings.TrimLeft(before, "\r\n")
		}
		return s
	}
	if s.line = "\n"; at > 0 && lead[at-1] == '\r' {
		s.line = "\r\n"
	}
	s.member = lead[at+1:]
	if end := string(obj.AfterExtra); strings.ContainsRune(end, '\n') {
		s.close = end[strings.LastIndexByte(end, '\n')+1:]
	}
	if more, ok := strings.CutPrefix(s.member, s.close); ok && more != "" {
		s.unit = more
	}
	return s
}

// text is the member at key with a text for a value, as it is written in an
// object of style s; the objects on the way are made.
func (s style) text(key []string, value string) string {
	name := string(hujson.String(key[0])) + s.colon
	if len(key) == 1 {
		return name + string(hujson.String(value))
	}
	return name + s.inner().object(key[1:], value)
}

// object is an object of style s with that one member.
func (s style) object(key []string, value string) string {
	if s.line == "" {
		return "{" + s.text(key, value) + "}"
	}
	return "{" + s.line + s.member + s.text(key, value) + s.line + s.close + "}"
}

// set writes a text at key, and says how many objects it had to make around it.
func (d authFile) set(key []string, value string) (s splice, made int, err error) {
	around := d.outermost()
	if d.root == nil {
		put := around.inner().object(key, value)
		if len(d.text) == 0 {
			put += around.line
		}
		return splice{Put: []byte(put)}, len(key) - 1, nil
	}
	at := d.root
	for i, name := range key {
		obj, n := member(at, name, canonicalKey(key[:i]))
		if obj == nil && at.Value.Kind() != 'n' {
			return splice{}, 0, &EditError{Reason: WrongType, Line: lineAt(d.text, int64(at.StartOffset)), Name: name}
		}
		if obj == nil { // docker takes null for an object without members
			return replace(at, around.inner().object(key[i:], value)), len(key) - i - 1, nil
		}
		around = around.of(obj)
		if n < 0 {
			return around.insert(at, obj, key[i:], value), len(key) - i - 1, nil
		}
		at = &obj.Members[n].Value
	}
	return replace(at, string(hujson.String(value))), 0, nil
}

func replace(v *hujson.Value, text string) splice {
	return splice{At: v.StartOffset, Cut: v.EndOffset - v.StartOffset, Put: []byte(text)}
}

// insert adds a member to obj, which is v and of style s, behind the others.
func (s style) insert(v *hujson.Value, obj *hujson.Object, key []string, value string) splice {
	if len(obj.Members) == 0 {
		return replace(v, s.object(key, value))
	}
	lead := s.gap
	if s.line != "" {
		lead = s.line + s.member
	}
	end := obj.Members[len(obj.Members)-1].Value.EndOffset
	return splice{At: end, Put: []byte("," + lead + s.text(key, value))}
}

// remove cuts the value at key with its name, and as many of the objects around
// it as prune allows and are left empty.
func (d authFile) remove(key []string, prune int) splice {
	type step struct {
		value *hujson.Value
		obj   *hujson.Object
		n     int
	}
	var way []step
	at := d.root
	for i, name := range key {
		if at == nil {
			return splice{}
		}
		obj, n := member(at, name, canonicalKey(key[:i]))
		if n < 0 {
			return splice{}
		}
		way = append(way, step{at, obj, n})
		at = &obj.Members[n].Value
	}
	for ; prune > 0 && len(way) > 1 && len(way[len(way)-1].obj.Members) == 1; prune-- {
		way = way[:len(way)-1]
	}
	last := way[len(way)-1]
	return cutMember(last.value, last.obj, last.n)
}

// cutMember cuts a member of obj, which is v, with the comma and the space that
// belong to it.
func cutMember(v *hujson.Value, obj *hujson.Object, n int) splice {
	m := obj.Members
	from, to := v.StartOffset+1, v.EndOffset-1 // all there is between the braces
	switch {
	case n+1 < len(m):
		from, to = m[n].Name.StartOffset, m[n+1].Name.StartOffset
	case n > 0:
		from, to = m[n-1].Value.EndOffset, m[n].Value.EndOffset
	}
	return splice{At: from, Cut: to - from}
}
