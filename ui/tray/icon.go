package tray

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"

	"mooring.dev/mooring/platform/watch"
)

// Ground is what an icon lies on.
type Ground int

// The grounds. Any is one that nobody told: the colours for a dark one, with a dark
// rim that shows on a light one. Template is macOS': black on nothing, which the
// system colours.
const (
	Any Ground = iota
	Dark
	Light
	Template
)

// look is how a mood is drawn: the shapes and colours of the window's states, so
// that neither alone has to be told apart.
type look struct {
	shape       field // filled
	mark        field // cut out of the shape, or drawn where mark is all there is
	light, dark uint32
}

// The colours are those of ui/theme's palette for trusted, attention, refused and
// unknown; that package is Fyne's. A test holds the two against each other.
var looks = map[watch.Mood]look{
	watch.Good:      {disc(9), tick, 0x1B7F47, 0x5BC98A},
	watch.Attention: {triangle, exclamation, 0x8A5A00, 0xE5B454},
	watch.Broken:    {octagon, cross, 0xB3261E, 0xFF8A80},
	watch.Offline:   {dashes, nil, 0x5B6B7B, 0x9AA9B7},
}

// marks are the colours of what lies on a shape: the card's of the window.
const lightMark, darkMark = 0xFFFFFF, 0x18212B

// Draw draws a mood as a square of so many pixels.
func Draw(m watch.Mood, g Ground, size int) image.Image {
	l, ok := looks[m]
	if !ok {
		l = looks[watch.Offline] // what is not known must never look well
	}
	fore, mark := rgb(l.dark), rgb(darkMark)
	if g == Light {
		fore, mark = rgb(l.light), rgb(lightMark)
	}
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	unit := float64(size) / side
	for y := range size {
		for x := range size {
			p := point{(float64(x) + 0.5) / unit, (float64(y) + 0.5) / unit}
			if g == Any {
				p = point{10 + (p.x-10)*shrink, 10 + (p.y-10)*shrink}
			}
			body, on := cover(l.shape, p, unit), cover(l.mark, p, unit)
			switch g {
			case Template:
				img.SetNRGBA(x, y, color.NRGBA{A: alpha(body * (1 - on))})
			case Any:
				around := cover(func(p point) float64 { return l.shape(p) - rim }, p, unit)
				img.SetNRGBA(x, y, blend(mark, fore, body*(1-on), around))
			default:
				img.SetNRGBA(x, y, blend(fore, mark, on, body))
			}
		}
	}
	return img
}

// rim is how wide the rim of [Any] is, and shrink makes room for it.
const rim, shrink = 0.9, 1.1

// side is the square that shapes are drawn in, as in assets/icons.
const side = 20

type point struct{ x, y float64 }

// field is a shape as the distance to its edge, negative within.
type field func(point) float64

// cover is how much of the pixel at p lies in f.
func cover(f field, p point, unit float64) float64 {
	if f == nil {
		return 0
	}
	return min(1, max(0, 0.5-f(p)*unit))
}

func disc(r float64) field {
	return func(p point) float64 { return math.Hypot(p.x-10, p.y-10) - r }
}

// line is a stroke along points with round ends.
func line(width float64, points ...point) field {
	return func(p point) float64 {
		d := math.Inf(1)
		for i := range len(points) - 1 {
			d = min(d, toSegment(p, points[i], points[i+1]))
		}
		return d - width/2
	}
}

// polygon is a convex shape, clockwise on the screen, with rounded corners.
func polygon(round float64, points ...point) field {
	return func(p point) float64 {
		d, inside := math.Inf(1), true
		for i, a := range points {
			b := points[(i+1)%len(points)]
			d = min(d, toSegment(p, a, b))
			inside = inside && (b.x-a.x)*(p.y-a.y)-(b.y-a.y)*(p.x-a.x) >= 0
		}
		if inside {
			d = -d
		}
		return d - round
	}
}

func toSegment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := ((p.x-a.x)*dx + (p.y-a.y)*dy) / max(dx*dx+dy*dy, 1e-9)
	t = min(1, max(0, t))
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}

func union(fs ...field) field {
	return func(p point) float64 {
		d := math.Inf(1)
		for _, f := range fs {
			d = min(d, f(p))
		}
		return d
	}
}

var (
	tick        = line(2.4, point{5.8, 10.3}, point{8.7, 13.2}, point{14.3, 7.2})
	triangle    = polygon(1, point{10, 2}, point{18.6, 17.6}, point{1.4, 17.6})
	exclamation = union(line(2.4, point{10, 7.4}, point{10, 11.6}), dot(10, 15, 1.4))
	octagon     = polygon(0.2, point{6.3, 1.1}, point{13.7, 1.1}, point{18.9, 6.3}, point{18.9, 13.7}, point{13.7, 18.9}, point{6.3, 18.9}, point{1.1, 13.7}, point{1.1, 6.3})
	cross       = union(line(2.4, point{6.9, 6.9}, point{13.1, 13.1}), line(2.4, point{13.1, 6.9}, point{6.9, 13.1}))
)

func dot(x, y, r float64) field {
	return func(p point) float64 { return math.Hypot(p.x-x, p.y-y) - r }
}

// dashes is a ring of eight dashes around a bar.
func dashes(p point) float64 {
	const radius, width, count, filled = 8.2, 2.2, 8, 0.6
	ring := math.Abs(math.Hypot(p.x-10, p.y-10)-radius) - width/2
	// The distance along the ring to the edge of the nearest dash.
	turn := math.Atan2(p.y-10, p.x-10) / (2 * math.Pi) * count
	along := (math.Abs(turn-math.Round(turn)) - filled/2) / count * 2 * math.Pi * radius
	bar := line(2.2, point{7, 10}, point{13, 10})
	return min(max(ring, along), bar(p))
}

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 0xff}
}

func alpha(cover float64) uint8 { return uint8(math.Round(cover * 0xff)) }

// blend lays b over a by t, and both over nothing by cover.
func blend(a, b color.NRGBA, t, cover float64) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: alpha(cover)}
}

// PNG is an image as a file. Trays take nothing else: an SVG shows as 0x0.
func PNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything, and the image is not empty
	}
	return b.Bytes()
}

// iconSizes are those that Windows picks from, for 100 to 300 %.
var iconSizes = []int{16, 20, 24, 32, 40, 48}

// ICO is a mood in all sizes as Windows reads it: a directory of PNGs, which it
// takes since Vista.
func ICO(m watch.Mood, g Ground) []byte {
	const header, entry = 6, 16
	var head, body bytes.Buffer
	put := func(v any) { _ = binary.Write(&head, binary.LittleEndian, v) } // a buffer takes everything
	put([]uint16{0, 1, uint16(len(iconSizes))})
	offset := header + entry*len(iconSizes)
	for _, size := range iconSizes {
		b := PNG(Draw(m, g, size))
		put([]uint8{uint8(size), uint8(size), 0, 0})
		put([]uint16{1, 32})
		put([]uint32{uint32(len(b)), uint32(offset + body.Len())})
		body.Write(b)
	}
	return append(head.Bytes(), body.Bytes()...)
}
