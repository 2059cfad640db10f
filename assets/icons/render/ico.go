package main

import (
	"bytes"
	"encoding/binary"
)

// The layout of Windows' icon files: a header, an entry for each picture, then the
// pictures, which may be PNG since Windows Vista.
// https://learn.microsoft.com/windows/win32/uxguide/vis-icons
type (
	icoHeader struct {
		Reserved, Type, Count uint16
	}
	icoEntry struct {
		Width, Height, Colours, Reserved byte // 0 stands for 256
		Planes, BitsPerPixel             uint16
		Size, Offset                     uint32
	}
)

// ico puts pictures of at most 256 pixels into one file.
func ico(pictures []picture) []byte {
	entries := make([]icoEntry, len(pictures))
	header := icoHeader{Type: 1, Count: uint16(len(pictures))}
	offset := binary.Size(header) + binary.Size(entries)
	for i, p := range pictures {
		entries[i] = icoEntry{
			Width: byte(p.size), Height: byte(p.size), Planes: 1, BitsPerPixel: 32,
			Size: uint32(len(p.png)), Offset: uint32(offset),
		}
		offset += len(p.png)
	}
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, header) // a buffer takes everything
	_ = binary.Write(&b, binary.LittleEndian, entries)
	for _, p := range pictures {
		b.Write(p.png)
	}
	return b.Bytes()
}
