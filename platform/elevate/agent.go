package elevate

import (
	"io"
	"os"
	"os/exec"
	"strconv"
)

// textAgent starts polkit's text prompt for what this process asks, in its
// terminal, and returns when the prompt is ready. It is not started as a mere
// fallback: polkit 122 does not find a fallback of a single process.
func textAgent(pkttyagent string) (stop func()) {
	ready, notify, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	defer ready.Close()
	cmd := exec.Command(pkttyagent, "--process", strconv.Itoa(os.Getpid()), "--notify-fd", "3")
	cmd.ExtraFiles = []*os.File{notify} // descriptor 3; closed by the agent when it is registered
	err = cmd.Start()
	notify.Close()
	if err != nil {
		return func() {}
	}
	_, _ = io.Copy(io.Discard, ready)
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
