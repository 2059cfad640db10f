//go:build linux

package figures

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mooring builds the command line without a window, as it is released.
func mooring(b testing.TB) string {
	bin := filepath.Join(b.TempDir(), "mooring")
	cmd := exec.Command("go", "build", "-tags", "nogui", "-ldflags", "-s -w", "-o", bin, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// tree is a machine's files: an OS store of the usual size that holds the fleet's
// root too, and engines that verify even on loopback: dockerd does with a list
// that is set, containerd where a server is named.
func tree(b *testing.B, f fleet, addresses []string) string {
	root := b.TempDir()
	roots, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil && os.Getenv("CI") != "" {
		b.Fatal("the OS store is needed for its size: ", err)
	}
	own, err := os.ReadFile(f.ca)
	if err != nil {
		b.Fatal(err)
	}
	put(b, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"), append(roots, own...))
	put(b, filepath.Join(root, "etc/docker/daemon.json"), []byte(`{"insecure-registries": []}`))
	for _, a := range addresses {
		put(b, filepath.Join(root, "etc/docker/certs.d", a, "hosts.toml"), []byte("server = \"https://"+a+"\"\n"))
	}
	return root
}

func put(b testing.TB, name string, content []byte) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		b.Fatal(err)
	}
}

// check is a prepared `mooring check --json`.
type check struct{ bin, root, list string }

func newCheck(b *testing.B, f fleet, addresses []string) check {
	list := filepath.Join(b.TempDir(), "registries")
	put(b, list, []byte(strings.Join(addresses, "\n")+"\n"))
	return check{mooring(b), tree(b, f, addresses), list}
}

// run checks, and returns how many registries had each verdict.
func (c check) run(b *testing.B) (map[string]int, *os.ProcessState) {
	cmd := exec.CommandContext(b.Context(), c.bin, "check", "--json", "--root", c.root, "-f", c.list)
	cmd.Env = []string{"HOME=" + c.root, "NO_PROXY=*"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		b.Fatal(err)
	}
	var report struct{ Registries []struct{ Verdict string } }
	if err := json.Unmarshal(out, &report); err != nil {
		b.Fatalf("%v\n%s", err, &stderr)
	}
	verdicts := map[string]int{}
	for _, r := range report.Registries {
		verdicts[r.Verdict]++
	}
	return verdicts, cmd.ProcessState
}

// BenchmarkCheck compares the whole command, from its start, over 100 registries
// and all parties with the bare loop, and its time with curl's.
func BenchmarkCheck(b *testing.B) {
	f := start(b)
	all := f.addresses(100)
	c := newCheck(b, f, all)
	var ofCurl []float64
	var memory float64
	compare(b, f, all, func() time.Duration {
		began := time.Now()
		verdicts, p := c.run(b)
		wall := time.Since(began)
		if verdicts["trusted"] != len(all) {
			b.Fatalf("verdicts are %v", verdicts)
		}
		memory = max(memory, peakOf(p))
		ofCurl = append(ofCurl, float64(wall)/float64(runCurl(b, f, all)))
		return p.UserTime() + p.SystemTime()
	})
	spread(b, ofCurl[1:], "wall-x-of-curl")
	b.ReportMetric(memory, "peak-MB")
}

// runCurl is how long curl takes for the same registries, all at once.
func runCurl(b *testing.B, f fleet, addresses []string) time.Duration {
	argv := []string{"--parallel", "--parallel-max", "100", "--silent", "--show-error", "--noproxy", "*", "--cacert", f.ca}
	for _, a := range addresses {
		argv = append(argv, "--output", os.DevNull, "https://"+a+"/v2/")
	}
	began := time.Now()
	if out, err := exec.CommandContext(b.Context(), "curl", argv...).CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
			b.Skip("curl is not installed")
		}
		b.Fatalf("curl: %v\n%s", err, out)
	}
	return time.Since(began)
}

// BenchmarkCheckBlackHoles checks 1,000 registries of which every tenth never
// answers.
func BenchmarkCheckBlackHoles(b *testing.B) {
	f := start(b)
	all := f.addresses(1000)
	dead := blackHoles(b, all)
	c := newCheck(b, f, all)
	var longest time.Duration
	var memory float64
	for b.Loop() {
		began := time.Now()
		verdicts, p := c.run(b)
		longest, memory = max(longest, time.Since(began)), max(memory, peakOf(p))
		if verdicts["unreachable"] != dead || verdicts["trusted"] != len(all)-dead {
			b.Fatalf("verdicts are %v", verdicts)
		}
	}
	b.ReportMetric((longest - 5*time.Second).Seconds(), "s-over-timeout")
	b.ReportMetric(memory, "peak-MB")
}

// BenchmarkStart is the time from start to first output, and the size of the
// file.
func BenchmarkStart(b *testing.B) {
	bin := mooring(b)
	info, err := os.Stat(bin)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := exec.Command(bin, "--version").Run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(info.Size())/1e6, "file-MB")
}
