package tray

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"mooring.dev/mooring/platform/watch"
)

var grounds = []Ground{Any, Dark, Light, Template}

// shape is which pixels are there at all.
func shape(img image.Image) string {
	var b []byte
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			_, _, _, a := img.At(x, y).RGBA()
			b = append(b, "0 1"[min(2, a>>14)])
		}
	}
	return string(b)
}

// Neither shape nor colour has to be told apart alone: each differs by itself.
func TestMoodsDifferInShapeAndInColour(t *testing.T) {
	for _, g := range grounds {
		for _, size := range []int{16, 22, 24, 32, 44, 48} {
			shapes, colours := map[string]watch.Mood{}, map[color.Color]watch.Mood{}
			for _, m := range watch.Moods() {
				img := Draw(m, g, size)
				if img.Bounds() != image.Rect(0, 0, size, size) {
					t.Fatalf("%s: %v", m, img.Bounds())
				}
				s := shape(img)
				if other, ok := shapes[s]; ok {
					t.Errorf("%d pixels: %s and %s have the same shape", size, m, other)
				}
				shapes[s] = m
				c := mostCommon(img)
				if other, ok := colours[c]; ok && g != Template {
					t.Errorf("%d pixels: %s and %s have the same colour", size, m, other)
				}
				colours[c] = m
			}
		}
	}
	if shape(Draw("of a newer version", Dark, 24)) != shape(Draw(watch.Offline, Dark, 24)) {
		t.Error("a mood that is not known looks like one that is")
	}
}

// mostCommon is the colour of most pixels that are full.
func mostCommon(img image.Image) color.Color {
	count := map[color.Color]int{}
	var best color.Color
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			c := img.At(x, y)
			if _, _, _, a := c.RGBA(); a == 0xffff {
				if count[c]++; best == nil || count[c] > count[best] {
					best = c
				}
			}
		}
	}
	return best
}

// On its ground each picture has the contrast of 3:1 that graphics need (WCAG 2.2,
// 1.4.11); without a word on the ground it has it on both, by its rim or its body.
func TestPicturesStandOut(t *testing.T) {
	dark, light := color.NRGBA{0x1e, 0x24, 0x2b, 0xff}, color.NRGBA{0xf0, 0xf0, 0xf0, 0xff}
	for _, m := range watch.Moods() {
		if c := contrast(mostCommon(Draw(m, Dark, 48)), dark); c < 3 {
			t.Errorf("%s on dark: %.1f", m, c)
		}
		if c := contrast(mostCommon(Draw(m, Light, 48)), light); c < 3 {
			t.Errorf("%s on light: %.1f", m, c)
		}
		img := Draw(m, Any, 48)
		for _, ground := range []color.NRGBA{dark, light} {
			if c := bestContrast(img, ground); c < 3 {
				t.Errorf("%s on any: %.1f", m, c)
			}
		}
	}
}

func bestContrast(img image.Image, ground color.Color) (best float64) {
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if _, _, _, a := img.At(x, y).RGBA(); a == 0xffff {
				best = max(best, contrast(img.At(x, y), ground))
			}
		}
	}
	return best
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	line := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*line(n.R) + 0.7152*line(n.G) + 0.0722*line(n.B)
}

func TestFilesOfPictures(t *testing.T) {
	for _, m := range watch.Moods() {
		img, err := png.Decode(bytes.NewReader(PNG(Draw(m, Dark, 48))))
		if err != nil || img.Bounds().Dx() != 48 {
			t.Errorf("%s: %v", m, err)
		}
		ico := ICO(m, Dark)
		count := int(binary.LittleEndian.Uint16(ico[4:]))
		if binary.LittleEndian.Uint16(ico[2:]) != 1 || count != len(iconSizes) {
			t.Fatalf("%s: %d pictures", m, count)
		}
		for i := range count {
			e := ico[6+16*i:]
			size, length, offset := int(e[0]), binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
			img, err := png.Decode(bytes.NewReader(ico[offset : offset+length]))
			if err != nil || img.Bounds().Dx() != size || size != iconSizes[i] {
				t.Errorf("%s, %d: %v", m, size, err)
			}
		}
	}
}
