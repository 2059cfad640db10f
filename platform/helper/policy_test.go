package helper

import (
	"encoding/xml"
	"os"
	"slices"
	"testing"
)

// TestPolicy: two actions, told apart by the helper's first argument, asked for in
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
	var first []string
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
		if got := notes["org.freedesktop.policykit.exec.path"]; got != "@libexecdir@/mooring/"+Name {
			t.Errorf("%s starts %q", a.ID, got)
		}
		arg := notes["org.freedesktop.policykit.exec.argv1"]
		if a.ID != "dev.mooring."+arg {
			t.Errorf("%s goes by %q", a.ID, arg)
		}
		first = append(first, arg)
	}
	if !slices.Equal(first, []string{string(TrustRegistry), string(TrustComputer)}) {
		t.Errorf("actions %q", first)
	}
}
