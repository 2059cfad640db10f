package link

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

func TestParseProject(t *testing.T) {
	claims, err := ParseProject([]byte(`# What this project pulls from.
version: 1
registries:
  - registry: reg.example:5000
    sha256: ["`+colons(one)+`", `+two+`]
    note: Ask the platform team in room 12.
  - {registry: "r\u0435g.example", sha256: '`+one+`'}
`), "/home/me/app/.mooring.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(claims) != 2 || claims[0].Registry.String() != "reg.example:5000" || len(claims[0].SHA256) != 2 {
		t.Fatalf("%+v", claims)
	}
	if claims[0].Note != "Ask the platform team in room 12." || claims[0].Source != (Source{FromProject, "/home/me/app/.mooring.yaml"}) {
		t.Errorf("%+v", claims[0])
	}
	if len(claims[1].Doubts) == 0 {
		t.Error("a look-alike raises no doubt")
	}
}

// Digits alone are a number to YAML; their text counts.
func TestProjectFingerprintOfDigits(t *testing.T) {
	digits := strings.Repeat("12", 32)
	claims, err := ParseProject([]byte("version: 1\nregistries:\n- registry: reg.example\n  sha256: "+digits+"\n"), "")
	if err != nil || claims[0].SHA256[0].String() != digits {
		t.Errorf("%v, %v", claims, err)
	}
}

func TestParseProjectRefuses(t *testing.T) {
	head := "version: 1\nregistries:\n"
	good := head + "- registry: reg.example\n  sha256: " + one + "\n"
	many := strings.Builder{}
	many.WriteString(head)
	for i := range maxRegistries + 1 {
		many.WriteString("- {registry: r" + strconv.Itoa(i) + ".example, sha256: " + one + "}\n")
	}
	laughs := "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
	for in, want := range map[string]struct {
		code Code
		line int
	}{
		"":                                   {NotAProject, 0},
		"# nothing\n":                        {NotAProject, 0},
		"hello\n":                            {BadYAML, 1},
		"- a\n":                              {BadYAML, 1},
		"a: [\n":                             {BadYAML, 1},
		"version: 1\n\tx: y\n":               {BadYAML, 2},
		good + "---\nversion: 1":             {BadYAML, 0},
		good + "...\nx":                      {BadYAML, 0},
		laughs:                               {BadYAML, 1},
		"version: &v 1\nregistries: []":      {BadYAML, 1},
		"version: !!str 1\nregistries: []":   {BadYAML, 1},
		"<<: {version: 1}\n":                 {UnknownKey, 1},
		"? [a]\n: b\n":                       {BadYAML, 1},
		"version: 2\n" + good[11:]:           {BadVersion, 1},
		"version: one\n" + good[11:]:         {BadVersion, 1},
		good[11:]:                            {BadVersion, 1},
		"version: 1\n":                       {NoRegistry, 1},
		"version: 1\nregistries: []\n":       {NoRegistry, 1},
		"version: 1\nregistries: reg\n":      {BadYAML, 2},
		head + "- reg.example\n":             {BadYAML, 3},
		head + "- {sha256: " + one + "}\n":   {NoRegistry, 3},
		head + "- {registry: , sha256: x}\n": {NoRegistry, 3},
		head + "- {registry: [a]}\n":         {BadYAML, 3},
		head + "- registry: r.example\n":     {NoFingerprint, 3},
		head + "- {registry: r.example, sha256: []}\n":            {NoFingerprint, 3},
		head + "- {registry: r.example, sha256: {}}\n":            {NoFingerprint, 3},
		head + "- {registry: r.example, sha256: {a: b}}\n":        {BadSHA256, 3},
		head + "- {registry: r.example, sha256: [[a]]}\n":         {BadYAML, 3},
		head + "- {registry: r.example, sha256: abc}\n":           {BadSHA256, 3},
		head + "- registry: https://r.example\n  sha256: x\n":     {BadRegistry, 3},
		head + "- registry: r.example/team\n  sha256: x\n":        {BadRegistry, 3},
		head + "- registry: \"r\\u202e.example\"\n":               {BadRegistry, 3},
		good + "- {registry: reg.example, sha256: " + two + "}\n": {Duplicate, 5},
		good + "  sha256: " + two + "\n":                          {Duplicate, 5},
		good + "scope: system\n":                                  {UnknownKey, 5},
		good + "  for: all\n":                                     {UnknownKey, 5},
		good + "  password: hunter2\n":                            {SecretKey, 5},
		good + "  Auth: aHVudGVyMg==\n":                           {SecretKey, 5},
		good + "identitytoken: hunter2\n":                         {SecretKey, 5},
		good + "  note: [a]\n":                                    {BadNote, 5},
		good + "  note: \"a\\nb\"\n":                              {BadNote, 5},
		good + "  note: \"a\\u202eb\"\n":                          {BadNote, 5},
		good + "  note: " + strings.Repeat("x", maxNote+1):        {BadNote, 5},
		many.String():                          {TooMany, 3 + maxRegistries},
		good + strings.Repeat("#", MaxProject): {TooLarge, 0},
		good + "# \xff\n":                      {BadYAML, 0},
		strings.Repeat("[", 20000):             {BadYAML, 0},
		strings.Repeat("- ", 20000) + "x":      {BadYAML, 0},
		head + strings.Repeat("{a: ", 9000):    {BadYAML, 3},
	} {
		_, err := ParseProject([]byte(in), "x")
		shown := in[:min(len(in), 90)]
		if got := codeOf(t, err); got != want.code {
			t.Errorf("%q: %s (%v), want %s", shown, got, err, want.code)
			continue
		}
		var e *Error
		if errors.As(err, &e); e.Line != want.line {
			t.Errorf("%q: line %d, want %d (%v)", shown, e.Line, want.line, err)
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVudGVyMg") {
			t.Errorf("the error holds a secret: %v", err)
		}
	}
}

func FuzzParseProject(f *testing.F) {
	f.Add([]byte("version: 1\nregistries:\n- registry: reg.example:5000\n  sha256: [" + one + "]\n  note: hello\n"))
	f.Add([]byte("version: 1\nregistries: [{registry: \"r\\u0435g.example\", sha256: '" + one + "'}]\n"))
	f.Add([]byte("a: &a [x]\nb: *a\n---\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		claims, err := ParseProject(b, "x")
		if err != nil {
			codeOf(t, err)
			return
		}
		if len(claims) == 0 || len(claims) > maxRegistries {
			t.Fatalf("%d claims", len(claims))
		}
		for _, c := range claims {
			checkClaim(t, c)
			if !fitNote(c.Note) {
				t.Fatalf("note %q", c.Note)
			}
		}
	})
}
