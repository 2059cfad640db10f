// Render draws an SVG as icons: one PNG for each size, as <size>.png in a
// directory, or all of them in one Windows icon.
//
//	render SVG DIRECTORY SIZE…
//	render SVG FILE.ico SIZE…
package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strconv"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: render SVG DIRECTORY|FILE.ico SIZE…")
	}
	out, limit := args[1], 1024
	windows := filepath.Ext(out) == ".ico"
	if windows {
		limit = 256
	}
	svg, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var pictures []picture
	for _, arg := range args[2:] {
		size, err := strconv.Atoi(arg)
		if err != nil || size < 1 || size > limit {
			return fmt.Errorf("%q is no size of an icon", arg)
		}
		p, err := draw(svg, size)
		if err != nil {
			return err
		}
		pictures = append(pictures, p)
	}
	if windows {
		return os.WriteFile(out, ico(pictures), 0o644)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, p := range pictures {
		if err := os.WriteFile(filepath.Join(out, strconv.Itoa(p.size)+".png"), p.png, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// picture is the drawing in one size.
type picture struct {
	size int
	png  []byte
}

// draw fails on anything that the renderer would leave out.
func draw(svg []byte, size int) (picture, error) {
	icon, err := oksvg.ReadIconStream(bytes.NewReader(svg), oksvg.StrictErrorMode)
	if err != nil {
		return picture{}, err
	}
	icon.SetTarget(0, 0, float64(size), float64(size))
	for i := range icon.SVGPaths { // which SetTarget leaves as wide as they are
		icon.SVGPaths[i].LineWidth *= float64(size) / icon.ViewBox.W
	}
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	icon.Draw(rasterx.NewDasher(size, size, rasterx.NewScannerGV(size, size, img, img.Bounds())), 1)
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return picture{size, b.Bytes()}, err
}
