package cli

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mooring.dev/mooring/ui/words"
)

// literals parses the package and returns every string literal, and of those the
// keys that are said to be sentences: t("…"), usage{"…"}, declined{"…"}, ….
func literals(t *testing.T) (all map[string]bool, keys []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all = map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		prefix := "cli."
		if name == "markdown.go" {
			prefix = "cli.report."
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil {
					all[s] = true
				}
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "t" && len(n.Args) > 0 {
					keys = appendLiteral(keys, prefix, n.Args[0])
				}
			case *ast.CompositeLit:
				kind, ok := n.Type.(*ast.Ident)
				if ok && (kind.Name == "usage" || kind.Name == "declined" || kind.Name == "failed") && len(n.Elts) > 0 {
					first := n.Elts[0]
					if kv, ok := first.(*ast.KeyValueExpr); ok {
						first = kv.Value
					}
					keys = appendLiteral(keys, "cli."+kind.Name+".", first)
				}
			}
			return true
		})
	}
	return all, keys
}

func appendLiteral(keys []string, prefix string, e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return keys
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return keys
	}
	return append(keys, prefix+s)
}

func TestEverySentenceIsWritten(t *testing.T) {
	_, keys := literals(t)
	if len(keys) < 80 {
		t.Fatalf("only %d sentences found: does the test still see them?", len(keys))
	}
	for _, lang := range words.Languages() {
		w := words.New(lang)
		for _, key := range keys {
			if !w.Has(key) {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
	}
}

// A sentence that nobody says any more would be translated for ever.
func TestEveryWrittenSentenceIsUsed(t *testing.T) {
	all, _ := literals(t)
	b, err := os.ReadFile("../../assets/translations/cli.en.json")
	if err != nil {
		t.Fatal(err)
	}
	var written map[string]any
	if err := json.Unmarshal(b, &written); err != nil {
		t.Fatal(err)
	}
	for key := range written {
		tail := strings.TrimPrefix(key, "cli.")
		_, last, _ := strings.Cut(tail, ".")
		verb := strings.TrimSuffix(tail, ".long")
		if !all[key] && !all[tail] && !all[last] && !all[verb] && !strings.HasPrefix(tail, "count.") {
			t.Errorf("nobody says %q", key)
		}
	}
}
