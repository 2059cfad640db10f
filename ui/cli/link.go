package cli

import (
	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
)

func (a *app) linkCmd() *cobra.Command {
	c := a.answers(a.verb("link", "REG", func(_ *cobra.Command, args []string) error { return a.link(args) }))
	c.Args, c.ValidArgsFunction = exactlyOne("link"), a.completeRegistries
	return c
}

// link prints the link for a registry, from what it is trusted by now.
func (a *app) link(args []string) error {
	regs, err := a.registries(args)
	if err != nil {
		return err
	}
	m, err := a.machine()
	if err != nil {
		return err
	}
	reports, err := a.look(m, regs, platform.CheckOptions{})
	if err != nil {
		return err
	}
	for _, r := range reports {
		c, ok := link.Of(r)
		if !ok {
			return failed{"link-untrusted", map[string]any{"registry": r.Registry}}
		}
		if a.json {
			return a.answer(teamLinkJSON(c))
		}
		line(a.std.Out, link.Format(c))
	}
	return nil
}

// jsonTeamLink is the answer of link.
type jsonTeamLink struct {
	Schema   int      `json:"schema"`
	Registry string   `json:"registry"`
	SHA256   []string `json:"sha256"`
	Link     string   `json:"link"`
}

func teamLinkJSON(c link.Claim) jsonTeamLink {
	return jsonTeamLink{
		Schema: schema, Registry: c.Registry.String(), SHA256: each(c.SHA256, trust.Fingerprint.String), Link: link.Format(c),
	}
}
