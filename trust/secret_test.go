package trust

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2"
	c := Credential{User: "alice", Secret: NewSecret(text)}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", c.Secret, "credential", c)
	for _, said := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c.Secret, c.Secret, c.Secret, c.Secret),
		fmt.Sprintf("%v", &c), log.String(),
	} {
		if strings.Contains(said, text) || strings.Contains(said, fmt.Sprintf("%x", text)) {
			t.Errorf("the secret is printed: %s", said)
		}
	}
	if b, err := json.Marshal(c); err == nil {
		t.Errorf("the secret is marshalled: %s", b)
	}
	if c.Secret.Reveal() != text || c.Secret.Empty() || !NewSecret("").Empty() {
		t.Error("the secret is not what was put in")
	}
}
