package tray

import (
	"image"
	"image/color"
)

// samples is a picture in the form that comes out right of the tray's library. A
// panel wants the colours as they are, whatever the alpha; the library sends the low
// bytes of 16-bit samples that are multiplied with it, which are noise where a pixel
// is half transparent (fyne-io/systray#92). Here those low bytes are the colours, and
// the samples less than a 256th off, so that a library which takes the high bytes
// shows the same.
func samples(img image.Image) image.Image {
	out := image.NewNRGBA64(img.Bounds())
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			out.SetNRGBA64(x, y, color.NRGBA64{R: sample(c.R, c.A), G: sample(c.G, c.A), B: sample(c.B, c.A), A: uint16(c.A) * 0x101})
		}
	}
	return out
}

// sample is the one that multiplied with a has c as its low byte.
func sample(c, a uint8) uint16 {
	if a == 0 {
		return 0
	}
	full, alpha := uint32(c)*0x101, uint32(a)*0x101
	product := full*alpha/0xffff&^0xff | uint32(c)
	if product > alpha {
		product -= 0x100
	}
	return uint16((product*0xffff + alpha - 1) / alpha) // rounded up, as the product is rounded down
}
