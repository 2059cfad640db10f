package vm_test

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
)

// What can be taken back stays with what it is about: giving a sign-in to a tool
// neither hides nor replaces the way back from trust.
func TestFreshReceipts(t *testing.T) {
	s, _ := windowtest.Scene(t)
	b := checked(t, s)
	made := func(id, action string) trust.Receipt {
		return trust.Receipt{ID: id, Action: action, State: trust.ReceiptApplied, Registries: []string{corp}}
	}
	check := func(what, latest, latestTrust string) {
		t.Helper()
		e := entry(t, b, corp)
		last, _ := e.Latest()
		lastTrust, _ := e.LatestTrust()
		if last.ID != latest || lastTrust.ID != latestTrust {
			t.Errorf("%s: last %q, last of trust %q; want %q, %q", what, last.ID, lastTrust.ID, latest, latestTrust)
		}
	}
	check("nothing", "", "")
	b.Made(corp, made("1", "trust"))
	b.Made(corp, made("2", "use"))
	b.Made(corp, made("3", "move"))
	check("made", "3", "1")
	undone := made("3", "move")
	undone.State = trust.ReceiptUndone
	b.Forget(corp, undone)
	check("one undone", "2", "1")
	b.Forget(corp, made("4", "untrust"))
	check("trust taken away", "2", "")
	b.Forget(corp, made("5", "unuse"))
	check("the sign-in taken away", "", "")
	b.Made("nobody.example", made("6", "trust"))
}

func TestUndoTitleSaysWhat(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "Undo: Let tools use the sign-in to reg.example:5000",
		"ko": "실행 취소: 도구가 reg.example:5000 로그인 정보를 사용하도록 함",
		"ru": "Отмена: Программам разрешён вход в reg.example:5000",
	} {
		tl := teller(t, lang)
		if got := tl.UndoTitle(trust.Receipt{Action: "use", Registries: []string{"reg.example:5000"}}); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
}

// What a later receipt stands on is neither called applied nor offered for undoing.
func TestHistoryOfSuperseded(t *testing.T) {
	tl := teller(t, "en")
	receipt := func(id, action string, minute int, kind trust.ChangeKind) trust.Receipt {
		return trust.Receipt{
			ID: id, Action: action, At: time.Date(2026, 1, 1, 3, minute, 0, 0, time.UTC), State: trust.ReceiptApplied,
			Registries: []string{corp}, Changes: []trust.Done{{Kind: kind, Path: "/etc/x/ca.crt"}},
		}
	}
	receipts := []trust.Receipt{
		receipt("3", "trust", 30, trust.WriteFile), receipt("2", "untrust", 20, trust.RemoveFile), receipt("1", "trust", 10, trust.WriteFile),
	}
	for i, v := range tl.History(receipts, corp) {
		newest := i == 0
		if v.CanUndo != newest || (v.State == "applied") != newest || (v.Mark == vm.MarkTrusted) != newest {
			t.Errorf("%s: %+v", v.ID, v)
		}
		if by := "stands on it"; strings.Contains(v.When, by) == newest {
			t.Errorf("%s: %q", v.ID, v.When)
		}
	}
	receipts[0].State, receipts[1].State = trust.ReceiptUndone, trust.ReceiptUndone
	if v := tl.History(receipts, "")[2]; !v.CanUndo || v.State != "applied" {
		t.Errorf("with the later ones undone: %+v", v)
	}
}
