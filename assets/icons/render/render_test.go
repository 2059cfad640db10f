package main

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

const drawing = "../app.svg"

// TestPNG: each size is what its name says, filled in the middle and clear in the
// rounded corners.
func TestPNG(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "icons")
	if err := run([]string{drawing, dir, "16", "512"}); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"16.png": 16, "512.png": 512} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Bounds(); got.Dx() != size || got.Dy() != size {
			t.Errorf("%s is %v", name, got)
		}
		if _, _, _, a := img.At(size/16, size/16).RGBA(); a > 0x8000 { // in the square, outside the arc
			t.Errorf("%s has a filled corner: alpha %x", name, a)
		}
		r, g, b8, a := img.At(size/4, size/3).RGBA()
		if r>>8 != 0x0b || g>>8 != 0x6e || b8>>8 != 0x8a || a>>8 != 0xff {
			t.Errorf("%s has the wrong ground: %02x%02x%02x alpha %02x", name, r>>8, g>>8, b8>>8, a>>8)
		}
	}
}

// TestICO: the entries lead to PNGs of the sizes they tell.
func TestICO(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mooring.ico")
	if err := run([]string{drawing, file, "16", "256"}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var header icoHeader
	entries := make([]icoEntry, 2)
	r := bytes.NewReader(b)
	if err := binary.Read(r, binary.LittleEndian, &header); err != nil || header.Type != 1 || header.Count != 2 {
		t.Fatalf("%+v, %v", header, err)
	}
	if err := binary.Read(r, binary.LittleEndian, entries); err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{16, 256} {
		e := entries[i]
		c, err := png.DecodeConfig(bytes.NewReader(b[e.Offset : e.Offset+e.Size]))
		if err != nil || c.Width != size || e.Width != byte(size) {
			t.Errorf("%+v is %d pixels wide, %v", e, c.Width, err)
		}
	}
	if last := entries[1]; int(last.Offset+last.Size) != len(b) {
		t.Errorf("%d bytes, the last picture ends at %d", len(b), last.Offset+last.Size)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.svg")
	if err := os.WriteFile(text, []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><text>A</text></svg>`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"nothing":                   nil,
		"no size":                   {drawing, dir},
		"a size of nothing":         {drawing, dir, "0"},
		"too large for an ico":      {drawing, filepath.Join(dir, "x.ico"), "512"},
		"no drawing":                {filepath.Join(dir, "no.svg"), dir, "16"},
		"what would not be painted": {text, dir, "16"},
	} {
		if err := run(args); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
