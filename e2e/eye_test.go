//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/ui/theme"
)

// Fyne tells no accessibility service what it shows, so the tests look at the
// window as a person does: for areas of the colours that the theme gives to
// states and buttons.

// picture is what a window shows.
type picture struct{ *image.RGBA }

// look photographs the window.
func (w *window) look() picture {
	w.s.t.Helper()
	var stderr bytes.Buffer
	cmd := w.s.command("import", "-silent", "-window", w.id, "-depth", "8", "ppm:-")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.s.t.Fatalf("import: %v: %s\n%s", err, &stderr, w.log())
	}
	img, err := readPPM(bytes.NewReader(out))
	must(w.s.t, err)
	return picture{img}
}

// readPPM decodes a binary PPM with 8 bits a sample: import has it ready in a
// tenth of the time of a PNG.
func readPPM(r io.Reader) (*image.RGBA, error) {
	in := bufio.NewReader(r)
	var width, height, depth int
	if _, err := fmt.Fscanf(in, "P6\n%d %d\n%d\n", &width, &height, &depth); err != nil || depth != 255 {
		return nil, fmt.Errorf("not a PPM of 8 bits: depth %d, %w", depth, err)
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(img.Pix); i += 4 {
		if _, err := io.ReadFull(in, img.Pix[i:i+3]); err != nil {
			return nil, err
		}
		img.Pix[i+3] = 0xff
	}
	return img, nil
}

// light is a colour of the light theme.
func light(name fyne.ThemeColorName) color.RGBA {
	return color.RGBAModel.Convert(theme.New().Color(name, fynetheme.VariantLight)).(color.RGBA)
}

// areas are the connected areas of exactly this colour that are at least so wide
// and high, from top to bottom.
func (p picture) areas(of fyne.ThemeColorName, width, height int) []image.Rectangle {
	c, seen := light(of), make([]bool, len(p.Pix)/4)
	var out []image.Rectangle
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			r := p.flood(image.Pt(x, y), c, seen)
			if r.Dx() >= width && r.Dy() >= height {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b image.Rectangle) int { return a.Min.Y - b.Min.Y })
	return out
}

// flood is the bounding box of what is connected with at and not yet seen.
func (p picture) flood(at image.Point, c color.RGBA, seen []bool) image.Rectangle {
	var box image.Rectangle
	for todo := []image.Point{at}; len(todo) > 0; {
		q := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !q.In(p.Bounds()) || seen[q.Y*p.Bounds().Dx()+q.X] || p.RGBAAt(q.X, q.Y) != c {
			continue
		}
		seen[q.Y*p.Bounds().Dx()+q.X] = true
		box = box.Union(image.Rectangle{q, q.Add(image.Pt(1, 1))})
		todo = append(todo, q.Add(image.Pt(1, 0)), q.Add(image.Pt(-1, 0)), q.Add(image.Pt(0, 1)), q.Add(image.Pt(0, -1)))
	}
	return box
}

// within is the bounding box of all of a colour inside r, empty for none.
func (p picture) within(r image.Rectangle, of fyne.ThemeColorName) image.Rectangle {
	c := light(of)
	var box image.Rectangle
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if p.RGBAAt(x, y) == c {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

// focused is the border, of at least this width, of what has the focus: a line in
// the accent's colour, which the painter mixes with what lies behind.
func (p picture) focused(width int) image.Rectangle {
	for y := range p.Bounds().Dy() {
		for x, from := 1, 0; x <= p.Bounds().Dx(); x++ {
			if c := p.RGBAAt(from, y); x < p.Bounds().Dx() && p.RGBAAt(x, y) == c {
				continue
			} else if x-from >= width && mixed(c, light(theme.ColorAccent)) && p.oneLine(x-width/2, y) {
				return image.Rect(from, y, x, y+1)
			}
			from = x
		}
	}
	return image.Rectangle{}
}

// oneLine reports whether the frame whose upper edge is at x, y is as low as one
// around a line of text: an option with its explanation is twice as high.
func (p picture) oneLine(x, y int) bool {
	for below := y + lineHeight/2; below < y+lineHeight*3/2; below++ {
		if mixed(p.RGBAAt(x, below), light(theme.ColorAccent)) {
			return true
		}
	}
	return false
}

// lineHeight is about that of a field's frame.
const lineHeight = 32

// mixed reports whether c is more than half of a on white.
func mixed(c, a color.RGBA) bool {
	part := float64(255-c.R) / float64(255-a.R)
	near := func(have, full uint8) bool {
		return math.Abs(float64(have)-(255-part*float64(255-full))) < 24
	}
	return part > 0.5 && part <= 1 && near(c.G, a.G) && near(c.B, a.B)
}

// count is how many pixels have about this colour: Fyne paints the window's own
// background a little lighter than it is told.
func (p picture) count(c color.Color) int {
	want, n := color.RGBAModel.Convert(c).(color.RGBA), 0
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 3 }
	for i := 0; i < len(p.Pix); i += 4 {
		if near(p.Pix[i], want.R) && near(p.Pix[i+1], want.G) && near(p.Pix[i+2], want.B) {
			n++
		}
	}
	return n
}

// crop is the raw content of r.
func (p picture) crop(r image.Rectangle) []byte {
	var out []byte
	for y := r.Min.Y; y < r.Max.Y; y++ {
		out = append(out, p.Pix[p.PixOffset(r.Min.X, y):p.PixOffset(r.Max.X, y)]...)
	}
	return out
}

// save keeps a picture among the artefacts.
func (p picture) save(t testing.TB, name string) {
	t.Helper()
	path := desk.Artefact(filepath.Join("screenshots", name+".png"))
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	must(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, p))
}
