//go:build !nogui

package widgets

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Step is a numbered part of a dialog: a question, a remark beside it, and
// what answers it.
func Step(number int, question, remark string, body fyne.CanvasObject) fyne.CanvasObject {
	disc := container.NewStack(Sized(22, 22, NewSurface(theme.ColorAccent, "", sizeDisc)),
		container.NewCenter(NewText(strconv.Itoa(number), Look{Color: theme.ColorOnAccent, Size: theme.SizeSecondary, Bold: true}, Grow)))
	heading := Row(GapCard, 1, false, NewText(question, Name, Grow), NewText(remark, Secondary, CutEnd))
	if remark == "" {
		heading = Row(0, 0, false, NewText(question, Name, Wrap))
	}
	return Row(10, 1, true, disc, Column(GapRow, Inset(1, 0, 0, 0, heading), body))
}

// sizeDisc is Fyne's largest radius that the theme has; a disc of 22 is round
// with it.
const sizeDisc = fynetheme.SizeNameDialogRadius

// Line is one line of a preview or a progress list.
type Line struct {
	Sign  string // "+", "=", "-", "$"
	Text  string
	Note  string
	State theme.State
	Plain bool // not coloured
}

// Lines lists what will change, or what was done, in fixed-width type.
func Lines(lines []Line) fyne.CanvasObject {
	list := Column(5)
	for _, l := range lines {
		color := l.State.Color()
		if l.Plain {
			color = theme.ColorMuted
		}
		words := Column(1, NewText(l.Text, Mono.In(color), Wrap))
		if l.Note != "" {
			words.Add(NewText(l.Note, Secondary, Wrap))
		}
		list.Add(Row(8, 1, true, NewText(l.Sign, Mono.In(color), Grow), words))
	}
	return list
}

// StateLine is a state's shape with a sentence.
func StateLine(s theme.State, sentence string) fyne.CanvasObject {
	return Row(GapRow, 1, false, Icon(s.Icon(), 18), NewText(sentence, Secondary, Wrap))
}
