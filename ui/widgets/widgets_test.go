//go:build !nogui

package widgets

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// fixed shows the theme in one variant: the test driver has one of its own.
type fixed struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (f fixed) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return f.Theme.Color(n, f.variant)
}

func TestMain(m *testing.M) {
	_ = os.Setenv("LANG", "en_US.UTF-8")
	os.Exit(m.Run())
}

func sampleCert() CertData {
	return CertData{
		Role: "SERVER", Origin: "sent by server", Name: "registry.corp.example", Owner: "Example Corp · ECDSA P-256",
		Validity: Validity{Spent: .78, State: theme.Attention, Left: "20 days left", Dates: "2026-09-13 → 2026-12-12"},
		Label:    "SHA-256", Fingerprint: "A144 0B9D", Short: "A1:44:0B:9D … 10:3F",
		Fields: []Field{{Name: "Serial number", Value: "0123", Mono: true}}, Actions: []Action{{Label: "Copy PEM", Icon: theme.IconCopy}},
	}
}

func sampleRow() RowData {
	return RowData{
		State: theme.Refused, Title: "Docker 29.5", Word: "refuses", Reason: "unknown authority · looked in 2 places", Label: "LOOKED AT",
		Looked: []LookedPath{{Path: path, Word: "not there", Folder: func() {}, Copy: func() {}}, {Path: "/etc/ssl/certs", Found: true, Word: "found"}},
	}
}

// What was found is not good because it was found.
func TestLookedPathIsMarkedAsItStands(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	for name, c := range map[string]struct {
		path LookedPath
		want fyne.Resource
	}{
		"found":   {LookedPath{Found: true}, theme.Icon(theme.IconCheck, theme.ColorTrusted)},
		"missing": {LookedPath{}, theme.Icon(theme.IconClose, theme.ColorMuted)},
		"bad":     {LookedPath{Found: true, State: theme.Attention}, theme.Attention.Icon()},
	} {
		var got []string
		for _, o := range test.LaidOutObjects(lookedRow(c.path)) {
			if i, ok := o.(*canvas.Image); ok {
				got = append(got, i.Resource.Name())
			}
		}
		if len(got) != 1 || got[0] != c.want.Name() {
			t.Errorf("%s: %v, not %s", name, got, c.want.Name())
		}
	}
}

// drawings are the states of every widget, drawn in both variants and compared
// with what was accepted.
func drawings() map[string]func() fyne.CanvasObject {
	out := map[string]func() fyne.CanvasObject{
		"cert": func() fyne.CanvasObject { return NewCertCard(sampleCert()) },
		"cert-open": func() fyne.CanvasObject {
			d := sampleCert()
			d.Open = true
			return NewCertCard(d)
		},
		"cert-broken": func() fyne.CanvasObject {
			d := sampleCert()
			d.Broken, d.Problems = true, []string{"A certificate has expired"}
			d.Validity = Validity{Spent: 1, State: theme.Refused, Left: "expired 3 days ago", Dates: "2026-08-21 → 2026-11-19"}
			return NewCertCard(d)
		},
		"cert-missing": func() fyne.CanvasObject {
			return NewCertCard(CertData{Role: "MISSING ISSUER", Name: "Corp Issuing CA 3", Missing: "The server did not send this."})
		},
		"link-verified": func() fyne.CanvasObject { return ChainLink(Verified, "signed by · verified") },
		"link-broken":   func() fyne.CanvasObject { return ChainLink(Broken, "the chain breaks here") },
		"link-slack":    func() fyne.CanvasObject { return ChainLink(Slack, "nobody checks this") },
		"row":           func() fyne.CanvasObject { return NewFoldRow(sampleRow()) },
		"row-open": func() fyne.CanvasObject {
			d := sampleRow()
			d.Open = true
			return NewFoldRow(d)
		},
		"row-muted": func() fyne.CanvasObject {
			return NewFoldRow(RowData{State: theme.Unknown, Title: "containerd", Word: "not installed", Muted: true, Reason: "would refuse"})
		},
		"banner": func() fyne.CanvasObject {
			return Banner(BannerData{State: theme.Refused, Sentence: "Docker refuses this registry.", Detail: "x509: certificate signed by unknown authority", Copy: func() {}, Action: "Trust this registry…"})
		},
		"empty": func() fyne.CanvasObject {
			return EmptyState("No registries yet", "Nothing was found.", BigAction{Icon: theme.IconSearch, Title: "Scan this machine", Detail: "Look into files"})
		},
		"step": func() fyne.CanvasObject {
			return Step(3, "What will change", "1 new file", Panel(Lines([]Line{{Sign: "+", Text: path, State: theme.Trusted}})))
		},
		"secret": func() fyne.CanvasObject {
			s := NewSecret("")
			s.SetText("hunter2")
			return s
		},
		"list-plain": func() fyne.CanvasObject {
			return sample(NewSideList(nil), SideItem{ID: "a", Title: "platform/service-00000"}, SideItem{ID: "b", Title: "payments/service-00001"})
		},
		"list-tags": func() fyne.CanvasObject {
			l := NewSideList(nil)
			l.OnMore = func(string, *Button) {}
			return sample(l, SideItem{ID: "1", Title: "2.4.1", Subtitle: "sha256:a11e8bb9ba5f · linux/amd64", Remark: "91.7 MB"})
		},
		"split": func() fyne.CanvasObject {
			return Sized(1, 120, NewSplit(NewText("the list", Body, Wrap), NewText("the detail", Body, Wrap)).Object)
		},
		"choice": func() fyne.CanvasObject {
			return NewChoice(NewText("Only this registry", Strong, Wrap), true, NewText("and nothing else", Secondary, Wrap), nil)
		},
	}
	for _, s := range theme.States() {
		out["badge-"+string(s)] = func() fyne.CanvasObject { return StateBadge(s, string(s)) }
	}
	return out
}

// sample is a list with its first row chosen.
func sample(l *SideList, items ...SideItem) fyne.CanvasObject {
	l.SetItems(items)
	l.Choose(items[0].ID)
	return Sized(1, 120, l)
}

// Markup is compared, not pixels: a difference can be read in a review.
func TestDrawings(t *testing.T) {
	variants := map[string]fyne.ThemeVariant{"light": fynetheme.VariantLight, "dark": fynetheme.VariantDark}
	for name, draw := range drawings() {
		for variant, v := range variants {
			t.Run(name+"-"+variant, func(t *testing.T) {
				a := test.NewTempApp(t)
				a.Settings().SetTheme(fixed{theme.New(), v})
				w := test.NewTempWindow(t, draw())
				w.SetPadded(false)
				w.Resize(fyne.NewSize(426, max(w.Content().MinSize().Height, 40)))
				w.Resize(fyne.NewSize(426, max(w.Content().MinSize().Height, 40)))
				test.AssertRendersToMarkup(t, filepath.Join("drawings", name+"-"+variant+".xml"), w.Canvas())
			})
		}
	}
}

func TestCardUnfolds(t *testing.T) {
	themed(t)
	d := sampleCert()
	told := 0
	d.OnFold = func(bool) { told++ }
	c := NewCertCard(d)
	w := test.NewTempWindow(t, c)
	w.Resize(fyne.NewSize(426, 500))
	before := c.MinSize().Height
	test.Tap(c)
	if c.MinSize().Height <= before || told != 1 {
		t.Errorf("a tap unfolds nothing: %v, told %d times", c.MinSize().Height, told)
	}
	w.Canvas().Focus(c)
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if c.MinSize().Height != before || told != 2 {
		t.Errorf("Enter does not fold it: %v, told %d times", c.MinSize().Height, told)
	}
}

func TestButtonKeys(t *testing.T) {
	themed(t)
	pressed, forwarded := 0, fyne.KeyName("")
	b := NewButton(Primary, "Trust it", func() { pressed++ })
	w := test.NewTempWindow(t, b)
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { forwarded = e.Name })
	w.Canvas().Focus(b)
	for _, k := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter} {
		b.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if pressed != 3 {
		t.Errorf("pressed %d times by three keys", pressed)
	}
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF5})
	if forwarded != fyne.KeyF5 {
		t.Error("F5 does not reach the window while a button has the focus")
	}
	b.Disable()
	test.Tap(b)
	if pressed != 3 {
		t.Error("a disabled button can be pressed")
	}
}

func TestEntryHandsOn(t *testing.T) {
	themed(t)
	e := NewEntry("")
	w := test.NewTempWindow(t, e)
	var got fyne.Shortcut
	var key fyne.KeyName
	e.OnShortcut = func(s fyne.Shortcut) { got = s }
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { key = k.Name })
	e.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyN, Modifier: fyne.KeyModifierControl})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if got == nil || key != fyne.KeyEscape {
		t.Errorf("shortcut %v and key %q did not reach the window", got, key)
	}
	e.SetText("abc")
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
	if e.SelectedText() != "abc" {
		t.Error("what edits text no longer works")
	}
}

func TestModal(t *testing.T) {
	themed(t)
	w := test.NewTempWindow(t, NewText("under it", Body, Wrap))
	w.Resize(fyne.NewSize(600, 300))
	m := NewModal(w.Canvas(), "Title")
	closed := false
	m.OnClosed = func() { closed = true }
	var rows []fyne.CanvasObject
	for i := range 60 {
		rows = append(rows, NewText(fmt.Sprint("row ", i), Body, Wrap))
	}
	do := NewButton(Primary, "Do it", nil)
	m.SetBody(rows...)
	m.SetFooter(nil, do)
	m.Show(nil)
	bottom := fyne.CurrentApp().Driver().AbsolutePositionForObject(do).Y + do.Size().Height
	if bottom > 300 || bottom < 200 {
		t.Errorf("in a low window the button ends at %v of 300", bottom)
	}
	w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !closed || m.Shown() || w.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the dialog")
	}
}

func items(n int) []SideItem {
	out := []SideItem{{Heading: "REGISTRIES"}}
	for i := range n {
		out = append(out, SideItem{ID: fmt.Sprint(i), State: theme.Trusted, Title: fmt.Sprintf("registry-%04d.example:5000", i), Subtitle: "Trusted by Docker"})
	}
	return out
}

func sideList(t testing.TB, n int) *SideList {
	t.Helper()
	themed(t)
	l := NewSideList(nil)
	w := test.NewTempWindow(t, l)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(280, 600))
	l.SetItems(items(n))
	return l
}

func TestSideListDrawsOnlyWhatIsInSight(t *testing.T) {
	l := sideList(t, 1000)
	for _, offset := range []float32{0, 10_000, 48_000} {
		l.scroll.ScrollToOffset(fyne.NewPos(0, offset))
		l.arrange()
		if n := len(l.content.Objects); n < 10 || n > 16 {
			t.Errorf("at %v it draws %d rows", offset, n)
		}
	}
	if total := len(l.rows) + len(l.spare); total > 40 {
		t.Errorf("it made %d rows", total)
	}
}

func TestSideListKeys(t *testing.T) {
	l := sideList(t, 100)
	var chosen []string
	l.OnChosen = func(id string) { chosen = append(chosen, id) }
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyEnd, fyne.KeyUp, fyne.KeyHome, fyne.KeyUp} {
		l.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if got := strings.Join(chosen, " "); got != "0 1 99 98 0" {
		t.Errorf("the keys chose %s", got)
	}
	l.Choose("50")
	if y, _ := l.offset("50"); !l.inSight(y) {
		t.Error("the chosen row is not in sight")
	}
}

// A row that is used again for another item does not keep the mark of the one
// that was chosen.
func TestSideListMarksOneRow(t *testing.T) {
	l := sideList(t, 300)
	l.Choose("3")
	for y := float32(0); y < 9000; y += 450 {
		l.scroll.ScrollToOffset(fyne.NewPos(0, y))
		l.arrange()
		for _, r := range l.rows {
			if marked := r.back.fill == theme.ColorSelection; marked != (r.item.ID == "3") {
				t.Fatalf("at %v the row of %q is marked: %v", y, r.item.ID, marked)
			}
		}
	}
}

// When results arrive the chosen row stays where it is on the screen.
func TestSideListHoldsTheChosenRow(t *testing.T) {
	l := sideList(t, 200)
	l.Choose("100")
	y, _ := l.offset("100")
	l.scroll.ScrollToOffset(fyne.NewPos(0, y-200))
	moved := items(200)
	moved = append(moved[:40], moved[60:]...) // twenty rows above it go elsewhere
	before := y - l.scroll.Offset.Y
	l.SetItems(moved)
	y, _ = l.offset("100")
	if after := y - l.scroll.Offset.Y; after != before {
		t.Errorf("it was at %v on the screen and is at %v", before, after)
	}
}

// Ten thousand low rows, as a registry's repositories are.
func BenchmarkScroll10000(b *testing.B) {
	l := plainList(b, 10_000)
	y := float32(0)
	for b.Loop() {
		y += 37
		if y > 339_000 {
			y = 0
		}
		l.scroll.ScrollToOffset(fyne.NewPos(0, y))
		l.arrange()
	}
}

// A page of them comes in while the list is in sight.
func BenchmarkSetItems10000(b *testing.B) {
	l := plainList(b, 10_000)
	items := l.Items()
	for b.Loop() {
		l.SetItems(items)
	}
}

func plainList(t testing.TB, n int) *SideList {
	t.Helper()
	l := sideList(t, 1)
	items := make([]SideItem, n)
	for i := range items {
		items[i] = SideItem{ID: fmt.Sprint(i), Title: fmt.Sprintf("team/service-%05d", i)}
	}
	l.SetItems(items)
	return l
}

// Low rows are reached by keys as high ones are: the last one stands at the foot,
// with nothing under it.
func TestLowRowsAreReached(t *testing.T) {
	l := plainList(t, 10_000)
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if l.Chosen() != "9999" || l.scroll.Offset.Y != 10_000*sideRowLow-l.scroll.Size().Height {
		t.Errorf("%q at %v", l.Chosen(), l.scroll.Offset.Y)
	}
	if n := len(l.rows) + len(l.spare); n > 60 {
		t.Errorf("it made %d rows", n)
	}
	entered := ""
	l.OnEnter = func(id string) { entered = id }
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if entered != "9999" {
		t.Errorf("Enter is told of %q", entered)
	}
}

// Where there is no room for both, there is one of the two.
func TestSplit(t *testing.T) {
	themed(t)
	list, detail := NewText("list", Body, Wrap), NewText("detail", Body, Wrap)
	s := NewSplit(list, detail)
	told := false
	s.OnSingle = func(single bool) { told = single }
	w := test.NewTempWindow(t, s.Object)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(900, 300))
	if s.Single() || !list.Visible() || !detail.Visible() {
		t.Fatal("a wide window does not show both")
	}
	w.Resize(fyne.NewSize(400, 300))
	if !s.Single() || !list.Visible() || detail.Visible() {
		t.Fatal("a narrow window does not show the list alone")
	}
	s.SetInDetail(true)
	if list.Visible() || !detail.Visible() || !told {
		t.Errorf("list %v, detail %v, told %v", list.Visible(), detail.Visible(), told)
	}
}

func BenchmarkScroll1000(b *testing.B) {
	l := sideList(b, 1000)
	y := float32(0)
	for b.Loop() {
		y += 37
		if y > 48_000 {
			y = 0
		}
		l.scroll.ScrollToOffset(fyne.NewPos(0, y))
		l.arrange()
	}
}

// The Tab key brings what it reaches into sight.
func TestFocusIsRevealed(t *testing.T) {
	themed(t)
	p := NewPage(10, 10)
	w := test.NewTempWindow(t, p.Scroll)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400, 200))
	var rows []fyne.CanvasObject
	for range 20 {
		rows = append(rows, NewFoldRow(sampleRow()))
	}
	p.Show(Column(4, rows...))
	inSight := func(o fyne.CanvasObject) bool {
		y := fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
		return y >= 0 && y+o.Size().Height <= 200
	}
	for range rows {
		w.Canvas().FocusNext()
		if o := w.Canvas().Focused().(fyne.CanvasObject); !inSight(o) {
			t.Fatalf("what has the focus is at %v", fyne.CurrentApp().Driver().AbsolutePositionForObject(o))
		}
	}
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if !inSight(rows[0]) {
		t.Error("the Home key does not go to the top")
	}
}

// Choosing by the keyboard redraws the dialog, and the focus stays on the choice.
func TestFocusStaysOnTheChoice(t *testing.T) {
	themed(t)
	w := test.NewTempWindow(t, NewText("under it", Body, Wrap))
	w.Resize(fyne.NewSize(600, 400))
	m := NewModal(w.Canvas(), "Title")
	chosen := 0
	var draw func()
	draw = func() {
		var rows []fyne.CanvasObject
		for i := range 3 {
			rows = append(rows, NewChoice(NewText("choice", Strong, Wrap), i == chosen, nil, func() { chosen = i; draw() }))
		}
		m.SetBody(Panel(Column(4, rows...)))
	}
	draw()
	m.Show(nil)
	w.Canvas().FocusNext()
	w.Canvas().FocusNext()
	w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if c, ok := w.Canvas().Focused().(*Choice); !ok || !c.Chosen() || chosen != 1 {
		t.Errorf("the focus is on %T, chosen is %d", w.Canvas().Focused(), chosen)
	}
}

// While a dialog is open nothing under it looks as if it had the focus, and Enter
// presses the filled button, unless there is a field to fill or nobody asked for it.
func TestModalTakesTheFocus(t *testing.T) {
	for _, c := range []struct {
		name    string
		body    fyne.CanvasObject
		unasked bool
		off     bool
		presses int
	}{
		{name: "a question", body: NewText("Really?", Body, Wrap), presses: 1},
		{name: "not yet", body: NewText("Working it out", Body, Wrap), off: true},
		{name: "a field", body: Panel(Column(4, NewEntry("name")))},
		{name: "a password", body: NewSecret("")},
		{name: "from a link", body: NewText("Really?", Body, Wrap), unasked: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			themed(t)
			under := NewButton(Outline, "under it", func() { t.Error("the key reached what is under the dialog") })
			w := test.NewTempWindow(t, under)
			w.Canvas().Focus(under)
			m := NewModal(w.Canvas(), "Title")
			m.Unasked = c.unasked
			n := 0
			do := NewButton(Primary, "Do it", func() { n++ })
			if c.off {
				do.Disable()
			}
			m.SetBody(c.body)
			m.SetFooter(nil, NewButton(Outline, "Cancel", m.Close), do)
			m.Show(nil)
			if under.focused {
				t.Error("what is under the dialog still has the ring")
			}
			enter := &fyne.KeyEvent{Name: fyne.KeyReturn}
			if f := w.Canvas().Focused(); f != nil {
				f.TypedKey(enter)
			} else {
				w.Canvas().OnTypedKey()(enter)
			}
			if n != c.presses || !m.Shown() {
				t.Errorf("Enter pressed it %d times, want %d; shown: %v", n, c.presses, m.Shown())
			}
			m.Close()
			if !under.focused || w.Canvas().Focused() != fyne.Focusable(under) {
				t.Error("the focus does not come back")
			}
		})
	}
}

// A button that comes to life while nothing has the focus gets it.
func TestModalOffersWhatIsReady(t *testing.T) {
	themed(t)
	w := test.NewTempWindow(t, NewText("under it", Body, Wrap))
	m := NewModal(w.Canvas(), "Title")
	do := NewButton(Primary, "Do it", nil)
	do.Disable()
	m.SetFooter(nil, do)
	m.Show(nil)
	do = NewButton(Primary, "Do it", nil)
	m.SetFooter(nil, NewButton(Outline, "Cancel", nil), do)
	if w.Canvas().Focused() != fyne.Focusable(do) {
		t.Errorf("the focus is on %T", w.Canvas().Focused())
	}
}
