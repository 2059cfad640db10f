package world

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
)

// MaxOutput bounds what is kept of a command's output; the rest is dropped.
const MaxOutput = 8 << 20

// RunCmd runs cmd with stdin and collects its bounded output.
func RunCmd(cmd *exec.Cmd, stdin []byte) (Result, error) {
	var out, errw bounded
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	cmd.Stdout, cmd.Stderr = &out, &errw
	err := cmd.Run()
	res := Result{Stdout: out.Bytes(), Stderr: errw.Bytes()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		res.Code, err = exit.ExitCode(), nil
	}
	return res, err
}

// LastLine is the last line of a command's words with something in it: most say there
// why they failed.
func LastLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := MaxOutput - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
