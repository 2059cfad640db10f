package helper

import (
	"encoding/xml"
	"os"
	"slices"
	"testing"
)

func TestTheFileSaysTheAction(t *testing.T) {
	for path, want := range map[string]Action{
		"/usr/libexec/mooring/mooring-helper-registry":           TrustRegistry,
		"/opt/mooring-helper-computer":                           TrustComputer,
		"mooring-helper-computer":                                TrustComputer,
		"/usr/libexec/mooring/mooring-helper":                    "",
		"/usr/libexec/mooring-helper-registry/mooring":           "",
		"/usr/libexec/mooring/mooring-helper-computer (deleted)": "",
		"/usr/bin/mooring":                                       "", "": "",
	} {
		if got := actionOf(path); got != want || Is(path) != (want != "") {
			t.Errorf("%q is the helper of %q, want %q", path, got, want)
		}
	}
}

// TestPolicy: two actions, told apart by the file that is started, asked for in
// three languages, and never kept.
func TestPolicy(t *testing.T) {
	b, err := os.ReadFile("../../assets/polkit/dev.mooring.policy.in")
	if err != nil {
		t.Fatal(err)
	}
	type text struct {
		Lang string `xml:"lang,attr"`
		Text string `xml:",chardata"`
	}
	var policy struct {
		Actions []struct {
			ID           string `xml:"id,attr"`
			Descriptions []text `xml:"description"`
			Messages     []text `xml:"message"`
			Any          string `xml:"defaults>allow_any"`
			Inactive     string `xml:"defaults>allow_inactive"`
			Active       string `xml:"defaults>allow_active"`
			Annotations  []struct {
				Key  string `xml:"key,attr"`
				Text string `xml:",chardata"`
			} `xml:"annotate"`
		} `xml:"action"`
	}
	if err := xml.Unmarshal(b, &policy); err != nil {
		t.Fatal(err)
	}
	var actions []Action
	for _, a := range policy.Actions {
		for _, allow := range []string{a.Any, a.Inactive, a.Active} {
			if allow != "auth_admin" {
				t.Errorf("%s: %q", a.ID, allow)
			}
		}
		for _, texts := range [][]text{a.Descriptions, a.Messages} {
			var langs []string
			for _, s := range texts {
				langs = append(langs, s.Lang)
				if s.Text == "" {
					t.Errorf("%s: no words in %q", a.ID, s.Lang)
				}
			}
			if !slices.Equal(langs, []string{"", "ko", "ru"}) {
				t.Errorf("%s: languages %q", a.ID, langs)
			}
		}
		notes := map[string]string{}
		for _, n := range a.Annotations {
			notes[n.Key] = n.Text
		}
		// Not by an argument: polkit before 0.107 does not look at those.
		path := notes["org.freedesktop.policykit.exec.path"]
		action := actionOf(path)
		if path != "@libexecdir@/mooring/"+action.File() || a.ID != "dev.mooring."+string(action) || len(notes) != 1 {
			t.Errorf("%s goes by %q", a.ID, notes)
		}
		actions = append(actions, action)
	}
	if !slices.Equal(actions, []Action{TrustRegistry, TrustComputer}) {
		t.Errorf("actions %q", actions)
	}
}
