package safe

import (
	"os/exec"
	"testing"
)

// The shell itself says what a quoted word is.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell here")
	}
	for _, word := range []string{"", "ca.pem", "/home/me/corp ca.pem", "$(reboot).pem", "it's; rm -rf ~", "`id`", "a\nb", "*", "-n", "레지스트리"} {
		out, err := exec.Command(sh, "-c", "printf %s "+Shell(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q became %q, %v", word, out, err)
		}
	}
	if got := Shell("/etc/ssl/ca.pem"); got != "/etc/ssl/ca.pem" {
		t.Errorf("a plain word is quoted: %s", got)
	}
}
