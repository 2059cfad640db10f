package configfile

import "testing"

func TestMask(t *testing.T) {
	for content, want := range map[string]string{
		"":   "",
		"{}": "{}",
		`{"auths":{"r":{"auth":"YTpi","Password":"x","email":"","n":12}}}`:  `{"auths":{"r":{"auth":"*","Password":"*","email":"","n":0}}}`,
		`{ "HttpHeaders" : {"X": "y"}, "a": ["b", {"c": "d"}, null, true]}`: `{ "HttpHeaders" : {"X": "*"}, "a": ["*", {"c": "*"}, null, true]}`,
		`{"credsStore":"pass","CREDHELPERS":{"r":"ecr"}}`:                   `{"credsStore":"pass","CREDHELPERS":{"r":"ecr"}}`,
		"\xef\xbb\xbf{\"x\":\"y\"}\r\n":                                     "\xef\xbb\xbf{\"x\":\"*\"}\r\n",
	} {
		got, err := AuthFile{}.Mask([]byte(content))
		if string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", content, got, err)
		}
	}
	for _, bad := range []string{`{"auths":{"r":{"auth":"YTpi"`, `"YTpi"`} {
		if got, err := (AuthFile{}).Mask([]byte(bad)); got != nil || err == nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}
