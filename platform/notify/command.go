package notify

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"mooring.dev/mooring/platform/world"
)

// command shows notes by a program that the system brings. Texts reach it as
// arguments or on standard input, never as a part of its script. There are no
// buttons, and nothing tells of a click.
type command struct{ w world.World }

func (c command) Notify(ctx context.Context, n Note) error {
	if !c.w.Live() {
		return ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, showLimit)
	defer cancel()
	cmd := osascript(n)
	if c.w.OS == "windows" {
		cmd = powershell(n)
	}
	res, err := c.w.Run.Run(ctx, cmd)
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("%s: exit status %d: %.200s", cmd.Argv[0], res.Code, strings.TrimSpace(string(res.Stderr)))
	}
	return err
}

func (command) Close() error { return nil }

// osascript's words after the script are the items of argv ("osascript(1)").
func osascript(n Note) world.Command {
	return world.Command{Argv: []string{
		"/usr/bin/osascript",
		"-e", "on run argv",
		"-e", "display notification (item 2 of argv) with title (item 1 of argv)",
		"-e", "end run",
		"--", n.Title, n.Body,
	}}
}

// toast makes a notification of Windows 10 and later out of the texts on standard
// input. Text nodes are made by the DOM, which escapes. An application identity is
// needed, and PowerShell's own is there on every machine.
const toast = `$ErrorActionPreference = 'Stop'
$note = [Console]::In.ReadToEnd() | ConvertFrom-Json
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$texts = $xml.GetElementsByTagName('text')
[void]$texts.Item(0).AppendChild($xml.CreateTextNode($note.title))
[void]$texts.Item(1).AppendChild($xml.CreateTextNode($note.body))
$toast = New-Object Windows.UI.Notifications.ToastNotification $xml
$toast.Tag = $note.tag
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($app).Show($toast)
`

func powershell(n Note) world.Command {
	in, err := json.Marshal(map[string]string{"title": n.Title, "body": n.Body, "tag": tag(n.Key)})
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return world.Command{
		Argv: []string{
			"powershell.exe", "-NoProfile", "-NonInteractive", "-WindowStyle", "Hidden",
			"-EncodedCommand", base64.StdEncoding.EncodeToString(utf16le(toast)),
		},
		Stdin: ascii(in),
	}
}

// tag is a key as a toast's tag, of which at most 64 characters count.
func tag(key string) string { return key[:min(len(key), 64)] }

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// ascii writes JSON so that it survives whatever code page the console has.
func ascii(in []byte) []byte {
	var b strings.Builder
	for _, r := range string(in) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return []byte(b.String())
}
