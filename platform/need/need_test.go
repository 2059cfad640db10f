package need

import (
	"runtime"
	"testing"
)

// ended stands for a test that is ended by what it lacks.
type ended struct {
	testing.TB
	how string
}

func (*ended) Helper()        {}
func (e *ended) Fatal(...any) { e.end("failed") }
func (e *ended) Skip(...any)  { e.end("skipped") }

func (e *ended) end(how string) {
	e.how = how
	runtime.Goexit()
}

// tool is how a test ends that needs a tool, and the path that it gets.
func tool(t *testing.T, name string) (how, path string) {
	e, done := &ended{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		path = Tool(e, name, "nothing")
	}()
	<-done
	return e.how, path
}

func TestTool(t *testing.T) {
	for ci, want := range map[string]string{"true": "failed", "": "skipped", "false": "skipped"} {
		t.Setenv("CI", ci)
		if how, path := tool(t, "no-such-program-anywhere"); how != want || path != "" {
			t.Errorf("CI=%q: %q, %q", ci, how, path)
		}
	}
	if how, path := tool(t, "go"); how != "" || path == "" {
		t.Errorf("a tool that is there: %q, %q", how, path)
	}
}
