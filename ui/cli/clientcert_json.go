package cli

import (
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// What client-cert answers where there is no plan: a review that came out fatal, and
// signing requests. A key is in neither.
type (
	jsonReview struct {
		Schema   int              `json:"schema"`
		Registry string           `json:"registry"`
		Subject  *string          `json:"subject"` // of the pair, null when the files make none
		Server   *jsonMTLS        `json:"server"`  // null when it was not reached
		Files    []jsonIdentified `json:"files"`
		Problems []jsonProblem    `json:"problems"`
	}
	jsonMTLS struct {
		Requested     bool     `json:"requested"`
		Required      bool     `json:"required"`
		AcceptableCAs []string `json:"acceptableCAs"`
	}
	jsonIdentified struct {
		Name    string          `json:"name"`
		Kind    clientcert.Kind `json:"kind"`
		Subject *string         `json:"subject"`
	}
	jsonProblem struct {
		Code    trust.Code `json:"code"`
		Variant string     `json:"variant,omitempty"`
		Fatal   bool       `json:"fatal"`
		File    *string    `json:"file"`
		Title   string     `json:"title"`
		Detail  string     `json:"detail"`
		Fix     string     `json:"fix"`
	}
	jsonRequest struct {
		Registry string    `json:"registry"`
		Name     string    `json:"name"`
		At       time.Time `json:"at"`
		KeyPath  string    `json:"keyPath"`
		PEM      string    `json:"pem"`
		Answered bool      `json:"answered"`
		// Copy says whether an installed pair has the key as well: alone, used, unseen
		// or installed.
		Copy platform.KeyCopy `json:"copy"`
	}
	jsonForgotten struct {
		Schema   int           `json:"schema"`
		Registry string        `json:"registry"`
		Removed  bool          `json:"removed"`
		Requests []jsonRequest `json:"requests"`
	}
)

func reviewJSON(reg trust.Registry, r clientcert.Review, a *app) jsonReview {
	out := jsonReview{
		Schema: schema, Registry: reg.String(),
		Files: each(r.Files, func(f clientcert.Identified) jsonIdentified {
			return jsonIdentified{f.Name, f.Kind, optional(f.Subject)}
		}),
		Problems: each(r.Problems, func(p clientcert.Problem) jsonProblem {
			title, detail, fix := a.english.ClientProblem(p)
			return jsonProblem{p.Code, p.Variant, p.Fatal, optional(p.File), title, detail, fix}
		}),
	}
	if r.Pair != nil {
		out.Subject = optional(r.Pair.Cert.Subject.String())
	}
	if s := r.Server; s != nil {
		out.Server = &jsonMTLS{s.Requested, s.Required, list(s.AcceptableCAs)}
	}
	return out
}

func requestJSON(r platform.SigningRequest) jsonRequest {
	return jsonRequest{r.Registry.String(), r.Name, r.At, r.KeyPath, r.PEM, r.Answered, r.Copy}
}
