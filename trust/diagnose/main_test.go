package diagnose_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
)

// TestMain checks, after all tests, that each code and each variant with words was
// made by one of them: words that no finding uses are words that nobody proved.
func TestMain(m *testing.M) {
	code := m.Run()
	partly := flag.Lookup("test.run").Value.String() + flag.Lookup("test.fuzz").Value.String() +
		flag.Lookup("test.bench").Value.String() + flag.Lookup("test.list").Value.String()
	if code == 0 && partly == "" && !testing.Short() {
		for _, key := range unproved() {
			fmt.Fprintf(os.Stderr, "no test makes a finding for the words %s\n", key)
			code = 1
		}
	}
	os.Exit(code)
}

func unproved() []string {
	var out []string
	for _, c := range trust.Codes() {
		if key := "finding." + string(c) + ".detail"; !produced.keys[key] {
			out = append(out, key)
		}
	}
	for key := range produced.words {
		if strings.Count(key, ".") == 3 && strings.HasSuffix(key, ".detail") && !produced.keys[key] {
			out = append(out, key)
		}
	}
	return out
}
