package cli

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// Document is a file that the person opened, as it was read.
type Document struct {
	Path string // absolute
	Data []byte // of a file larger than any bundle only the beginning
}

// certificateEndings are what files of certificates end with, and the stores with a
// password that people take for one.
var certificateEndings = []string{
	".pem", ".crt", ".cer", ".der", ".ca", ".cert", ".p7b", ".p7c", ".p7s", ".spc", ".p12", ".pfx", ".jks",
}

// ofCertificates reports whether a file is to be read as certificates; all others are
// taken for project files.
func ofCertificates(path string) bool {
	return slices.Contains(certificateEndings, strings.ToLower(filepath.Ext(path)))
}

// localFile is the path that an argument names: desktops hand over a file as a path
// or as a file: URL, as they like. ok is false for a URL of another computer's file.
func localFile(arg string) (path string, ok bool) {
	scheme, _, found := strings.Cut(arg, ":")
	if !found || !strings.EqualFold(scheme, "file") {
		return arg, true
	}
	u, err := url.Parse(arg)
	if err != nil || u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
		return "", false
	}
	path = u.Path
	if runtime.GOOS == "windows" {
		path = path[1:] // file:///C:/…
	}
	return filepath.FromSlash(path), true
}

// openCertificates shows what a file of certificates holds, in a window where there
// is one. Nothing is contacted, and nothing is trusted by looking.
func (a *app) openCertificates(path string) error {
	doc, err := readDocument(path)
	if a.wiring.Examine != nil && !a.json && a.hasDisplay() {
		if err != nil && !a.std.ErrTTY {
			return a.wiring.Open(a.ctx, a.globals, nil, err)
		}
		if err == nil {
			return a.wiring.Examine(a.ctx, a.globals, doc)
		}
	}
	if err != nil {
		return err
	}
	if _, err := certfile.Read(doc.Data); err != nil {
		return err
	}
	file := certfile.Examine(doc.Data)
	if a.json {
		return a.answer(fileJSON(doc.Path, file))
	}
	a.newText(a.std.Out, a.std.OutTTY).file(doc.Path, file)
	return nil
}

// readDocument reads an ordinary file: a pipe would keep us for ever.
func readDocument(path string) (Document, error) {
	if i, err := os.Stat(path); err != nil {
		return Document{}, err
	} else if !i.Mode().IsRegular() {
		return Document{}, failed{"not-a-file", map[string]any{"path": path}}
	}
	f, err := os.Open(path)
	if err != nil {
		return Document{}, err
	}
	defer f.Close()
	data, err := readBounded(f, certfile.MaxBytes)
	if absolute, aerr := filepath.Abs(path); aerr == nil {
		path = absolute
	}
	return Document{path, data}, err
}

// file tells the certificates of a file and what to run.
func (t *text) file(path string, f certfile.File) {
	t.say(t.bold(t.words.N("cli.open.file", len(f.Certs), map[string]any{"path": path, "format": string(f.Format)})))
	for _, n := range f.Notes {
		t.say(wrap(t.warn("! "+t.words.Reason(n.Code)), "  ", t.width))
	}
	for _, c := range f.Certs {
		fp := strings.Split(words.Fingerprint(trust.FingerprintOf(c)), "\n")
		t.say("")
		t.say("  " + t.bold(t.words.CertRole(trust.RoleOf(c, false))))
		facts := table{indent: "  "}
		fact := func(key, value string) { facts.row(cell{t.t("certificate."+key, nil), t.dim}, plain(value)) }
		fact("subject", safe.Line(c.Subject.String()))
		fact("issuer", safe.Line(c.Issuer.String()))
		fact("valid", t.t("certificate.span", map[string]any{
			"from": t.words.Date(c.NotBefore), "to": t.words.Date(c.NotAfter), "left": t.words.Left(c.NotAfter.Sub(t.now)),
		}))
		fact("sha256", fp[0])
		facts.row(plain(""), plain(fp[1]))
		facts.write(t.w)
	}
	t.say("")
	t.say(t.t("open.use", map[string]any{"path": safe.Shell(path)})) // a command that is broken cannot be pasted
}

// jsonFile is the answer of open for a file of certificates.
type jsonFile struct {
	Schema       int             `json:"schema"`
	Source       string          `json:"source"`
	Path         string          `json:"path"`
	Format       certfile.Format `json:"format"`
	Certificates []jsonSent      `json:"certificates"`
	Keys         int             `json:"keys"`
	Notes        []trust.Code    `json:"notes"`
}

func fileJSON(path string, f certfile.File) jsonFile {
	out := jsonFile{
		Schema: schema, Source: "certificates", Path: path, Format: f.Format, Certificates: []jsonSent{}, Keys: f.Keys,
		Notes: each(f.Notes, func(n trust.Note) trust.Code { return n.Code }),
	}
	for _, c := range f.Certs {
		out.Certificates = append(out.Certificates, sentJSON(c, false))
	}
	return out
}
