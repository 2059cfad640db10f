package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// reportFile collects a check for a file that can be handed to somebody else: it
// stands alone, in Markdown, plain text, or the JSON contract. A nil one takes
// everything and writes nothing.
type reportFile struct {
	a       *app
	path    string
	reports []trust.Report
}

// openReport refuses a name whose form is not known before anything is probed.
func (a *app) openReport(path string) (*reportFile, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".md", ".markdown", ".json", ".txt":
		return &reportFile{a: a, path: path}, nil
	}
	if path == "" {
		return nil, nil
	}
	return nil, usage{"report", map[string]any{"path": path}}
}

func (r *reportFile) add(report trust.Report) {
	if r != nil {
		r.reports = append(r.reports, report)
	}
}

// close writes the file, with the reports in the order of regs.
func (r *reportFile) close(regs []trust.Registry) error {
	if r == nil {
		return nil
	}
	slices.SortStableFunc(r.reports, func(x, y trust.Report) int {
		return slices.Index(regs, x.Registry) - slices.Index(regs, y.Registry)
	})
	var b bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(r.path)) {
	case ".json":
		err = r.json(&b)
	case ".txt":
		r.text(&b)
	default:
		r.markdown(&b)
	}
	if err != nil {
		return err
	}
	return writeWhole(r.path, b.Bytes())
}

func (r *reportFile) json(b *bytes.Buffer) error {
	l := jsonList{w: b, name: "registries"}
	for _, report := range r.reports {
		e, err := encode(contract(report, r.a.english))
		if err != nil {
			return err
		}
		l.add(e)
	}
	if err := l.close(); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, b.Bytes(), "", "  "); err != nil {
		return err
	}
	*b = pretty
	return nil
}

func (r *reportFile) text(b *bytes.Buffer) {
	t := &text{w: b, words: r.a.words, now: time.Now()}
	for i, report := range r.reports {
		if i > 0 {
			t.say("")
		}
		t.report(report, true, true)
	}
}

// writeWhole replaces path in one step: a report half written is never seen.
func writeWhole(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".mooring-report-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
