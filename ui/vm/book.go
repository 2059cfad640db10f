package vm

import (
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// Entry is what is known of one registry.
type Entry struct {
	Known    platform.Known
	Report   *trust.Report // of the last check; nil before the first
	Checking bool
	// Fresh are the receipts of the changes made in this session that can be taken
	// back, newest last.
	Fresh []trust.Receipt
}

// ID is the registry's name, which identifies the entry.
func (e Entry) ID() string { return e.Known.Registry.String() }

// Book is what the window knows of all registries, and where each stands in the
// list. It belongs to one goroutine.
//
// A row keeps its group while results come in: it moves only when [Book.Settle]
// is called, which the window does when the person looks elsewhere.
type Book struct {
	entries map[string]*Entry
	order   []string // by name
	placed  map[string]Group
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{entries: map[string]*Entry{}, placed: map[string]Group{}}
}

// SetKnown replaces the list of registries and keeps what was learned of those
// that stay.
func (b *Book) SetKnown(list []platform.Known) {
	before := b.entries
	b.entries, b.order = map[string]*Entry{}, nil
	slices.SortFunc(list, func(x, y platform.Known) int { return x.Registry.Compare(y.Registry) })
	for _, k := range list {
		id := k.Registry.String()
		e := before[id]
		if e == nil {
			e = &Entry{}
		}
		e.Known = k
		b.entries[id] = e
		b.order = append(b.order, id)
		if _, ok := b.placed[id]; !ok {
			b.placed[id] = groupOf(*e)
		}
	}
}

// Len is the number of registries, hidden ones included.
func (b *Book) Len() int { return len(b.order) }

// Entry returns the entry with this id.
func (b *Book) Entry(id string) (Entry, bool) {
	e, ok := b.entries[id]
	if !ok {
		return Entry{}, false
	}
	return *e, true
}

// All returns every entry, in the order of names.
func (b *Book) All() []Entry {
	out := make([]Entry, 0, len(b.order))
	for _, id := range b.order {
		out = append(out, *b.entries[id])
	}
	return out
}

// Visible lists the registries that are not hidden.
func (b *Book) Visible() []trust.Registry {
	var out []trust.Registry
	for _, e := range b.All() {
		if !e.Known.Hidden {
			out = append(out, e.Known.Registry)
		}
	}
	return out
}

// Begin marks registries as being checked.
func (b *Book) Begin(regs []trust.Registry) {
	for _, r := range regs {
		if e := b.entries[r.String()]; e != nil {
			e.Checking = true
		}
	}
}

// Put keeps a report; the row stays where it is.
func (b *Book) Put(r trust.Report) {
	e := b.entries[r.Registry.String()]
	if e == nil {
		return // removed while it was being checked
	}
	e.Report, e.Checking = &r, false
}

// End says that no check runs any more: what has no report keeps its last one.
func (b *Book) End(regs []trust.Registry) {
	for _, r := range regs {
		if e := b.entries[r.String()]; e != nil {
			e.Checking = false
		}
	}
}

// Settle moves every row to the group where it now belongs.
func (b *Book) Settle() {
	for id, e := range b.entries {
		b.placed[id] = groupOf(*e)
	}
}

// Checking counts the registries that are being checked.
func (b *Book) Checking() int {
	n := 0
	for _, e := range b.entries {
		if e.Checking {
			n++
		}
	}
	return n
}

// SignedBy lists other registries whose chain would verify with anchor, and that
// some tool in scope refuses for want of it: one decision serves them all.
func (b *Book) SignedBy(anchor trust.Anchor, except string) []trust.Registry {
	var out []trust.Registry
	for _, e := range b.All() {
		if e.ID() != except && !e.Known.Hidden && e.Report != nil && wants(*e.Report, anchor) {
			out = append(out, e.Known.Registry)
		}
	}
	return out
}

func wants(r trust.Report, a trust.Anchor) bool {
	switch s := r.Verdict(); {
	case s == trust.Insecure:
	case s == trust.Refused && r.ReasonFor(s).AnchorHelps():
	default:
		return false
	}
	for _, ep := range r.Endpoints {
		if len(ep.Sent) == 0 {
			continue
		}
		top := ep.Sent[len(ep.Sent)-1]
		if top.Equal(a.Cert) || issued(top, a.Cert) {
			return true
		}
	}
	return false
}
